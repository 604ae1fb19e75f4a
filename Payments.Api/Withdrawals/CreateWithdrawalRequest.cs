using Payments.Api.Flows;
using Payments.Ledger;

namespace Payments.Api.Withdrawals;

/// <summary>A request to pay out whose every value has been accepted.</summary>
internal sealed record CreateWithdrawalRequest(string AccountId, Money Amount, string? Reference, string? Description)
{
    private static readonly BodyShape<FlowMembers> Shape = FlowParser.ShapeOf(
        "a withdrawal", ["accountId", "amount", "currency", "reference", "description"], ["accountId", "amount"]);

    public static Problem? Parse(ReadOnlySpan<byte> json, out CreateWithdrawalRequest? request)
    {
        request = null;
        var members = default(FlowMembers);
        return Shape.Read(json, ref members) ?? Check(members, out request);
    }

    /// <summary>Looks at the values of a request whose shape is right. All faults are collected.</summary>
    public static Problem? Check(in FlowMembers members, out CreateWithdrawalRequest? request)
    {
        var errors = FlowValues.CheckCommon(members);
        var amount = FlowValues.CheckAmount(members.Amount, Currency.Usd, "#/amount", errors);
        FlowValues.CheckCurrency(members.Currency, Currency.Usd, errors);
        request = errors.Count == 0
            ? new(members.AccountId!, amount, members.Reference, members.Description)
            : null;
        return FlowValues.Refuse(errors, "withdrawal");
    }
}
