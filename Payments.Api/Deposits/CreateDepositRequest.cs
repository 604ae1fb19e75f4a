using Payments.Api.Flows;
using Payments.Ledger;

namespace Payments.Api.Deposits;

/// <summary>A request to record a deposit whose every value has been accepted.</summary>
internal sealed record CreateDepositRequest(string AccountId, Money Amount, string? Reference, string? Description)
{
    private const FlowMember Members =
        FlowMember.AccountId | FlowMember.Amount | FlowMember.Currency | FlowMember.Reference | FlowMember.Description;

    public static Problem? Parse(ReadOnlySpan<byte> json, out CreateDepositRequest? request)
    {
        request = null;
        return FlowParser.Parse(
            json, Members, FlowMember.AccountId | FlowMember.Amount, "a deposit", out var members)
            ?? Check(members, out request);
    }

    /// <summary>Looks at the values of a request whose shape is right. All faults are collected.</summary>
    public static Problem? Check(in FlowMembers members, out CreateDepositRequest? request)
    {
        var errors = FlowValues.CheckCommon(members);
        var amount = FlowValues.CheckAmount(members.Amount, FlowValues.Usdc, "#/amount", errors);
        FlowValues.CheckCurrency(members.Currency, FlowValues.Usdc, errors);
        request = errors.Count == 0
            ? new(members.AccountId!, amount, members.Reference, members.Description)
            : null;
        return FlowValues.Refuse(errors, "deposit");
    }
}
