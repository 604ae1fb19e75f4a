using Payments.Ledger;

namespace Payments.Api.Flows;

/// <summary>A request for a flow of one amount, a deposit or a withdrawal, whose every value is accepted.</summary>
internal sealed record SingleAmountRequest(string AccountId, Money Amount, string? Reference, string? Description)
{
    /// <param name="name">What the flow is called.</param>
    /// <param name="only">The currency that it has.</param>
    public static RequestBody.Parser<SingleAmountRequest> ParserOf(string name, Currency only)
    {
        var shape = FlowParser.ShapeOf(
            "a " + name, ["accountId", "amount", "currency", "reference", "description"], ["accountId", "amount"]);
        return (json, out request) =>
        {
            request = null;
            var members = default(FlowMembers);
            return shape.Read(json, ref members) ?? Check(members, name, only, out request);
        };
    }

    /// <summary>Looks at the values of a request whose shape is right. All faults are collected.</summary>
    private static Problem? Check(
        in FlowMembers members, string name, Currency only, out SingleAmountRequest? request)
    {
        var errors = FlowValues.CheckCommon(members);
        var amount = FlowValues.CheckAmount(members.Amount, only, "#/amount", errors);
        FlowValues.CheckCurrency(members.Currency, only, errors);
        request = errors.Count == 0
            ? new(members.AccountId!, amount, members.Reference, members.Description)
            : null;
        return FlowValues.Refuse(errors, name);
    }
}
