using Payments.Ledger;

namespace Payments.Api.Payments;

/// <summary>A request to create a payment whose every value has been accepted.</summary>
/// <param name="Amount">
/// May be zero or negative: settlement fails such a payment, so that there is a record of it.
/// </param>
internal sealed record CreatePaymentRequest(string AccountId, Money Amount, string? Description)
{
    /// <summary>
    /// Looks at the values of a request whose shape is right. All faults are collected, each with its place.
    /// </summary>
    public static Problem? Check(in CreatePaymentMembers members, out CreatePaymentRequest? request)
    {
        var errors = new List<ProblemError>();
        PaymentValues.CheckAccount(members.AccountId!, "#/accountId", errors);
        var currency = PaymentValues.CheckCurrency(members.Currency, "#/currency", errors);
        var amount = PaymentValues.CheckAmount(members.AmountReading, members.Amount, currency, "#/amount", errors);
        PaymentValues.CheckDescription(members.Description, "#/description", errors);
        request = errors.Count == 0 ? new CreatePaymentRequest(members.AccountId!, amount, members.Description) : null;
        return errors.Count == 0
            ? null
            : new Problem(ProblemTypes.Unprocessable, "A value of the payment is not accepted.", errors);
    }
}

/// <summary>The members as they stood in the body, before anything is known about their values.</summary>
internal struct CreatePaymentMembers
{
    public string? AccountId;
    public string? Currency;
    public string? Description;
    public decimal Amount;
    public AmountReading AmountReading;
}
