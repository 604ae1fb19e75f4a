using Payments.Api.Payments;
using Payments.Ledger;

namespace Payments.Api.Accounts;

/// <summary>A request to open an account whose every value has been accepted.</summary>
/// <param name="MinimumBalance">May be negative: how far the account may be overdrawn. Null: without a limit.</param>
internal sealed record OpenAccountRequest(string AccountId, Currency Currency, Money? MinimumBalance)
{
    /// <summary>
    /// Looks at the values of a request whose shape is right. All faults are collected, each with its place.
    /// </summary>
    public static Problem? Check(in OpenAccountMembers members, out OpenAccountRequest? request)
    {
        var errors = new List<ProblemError>();
        PaymentValues.CheckAccount(members.AccountId!, "#/accountId", errors);
        var currency = PaymentValues.CheckCurrency(members.Currency, "#/currency", errors);
        Money? minimum = members.HasMinimum
            ? PaymentValues.CheckAmount(
                members.MinimumReading, members.MinimumBalance, currency, "#/minimumBalance", errors)
            : null;
        request = errors.Count == 0 ? new OpenAccountRequest(members.AccountId!, currency!, minimum) : null;
        return errors.Count == 0
            ? null
            : new Problem(ProblemTypes.Unprocessable, "A value of the account is not accepted.", errors);
    }
}

/// <summary>The members as they stood in the body, before anything is known about their values.</summary>
internal struct OpenAccountMembers
{
    public string? AccountId;
    public string? Currency;
    public decimal MinimumBalance;
    public AmountReading MinimumReading;
    public bool HasMinimum;
}
