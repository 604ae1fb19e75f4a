using Payments.Api.Flows;
using Payments.Ledger;

namespace Payments.Api.Deposits;

/// <summary>A request to record a deposit whose every value has been accepted.</summary>
internal sealed record CreateDepositRequest(string AccountId, Money Amount, string? Reference, string? Description)
{
    private static readonly BodyShape<FlowMembers> Shape = FlowParser.ShapeOf(
        "a deposit", ["accountId", "amount", "currency", "reference", "description"], ["accountId", "amount"]);

    public static Problem? Parse(ReadOnlySpan<byte> json, out CreateDepositRequest? request)
    {
        request = null;
        var members = default(FlowMembers);
        return Shape.Read(json, ref members) ?? Check(members, out request);
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
