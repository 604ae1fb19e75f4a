using Payments.Api.Payments;
using Payments.Ledger;

namespace Payments.Api.Transfers;

/// <summary>A request to move money between two named accounts whose every value has been accepted.</summary>
internal sealed record CreateTransferRequest(
    string IdempotencyKey, string SourceAccountId, string DestinationAccountId, Money Amount, string? Description)
{
    private const string Of = "#/transaction";

    /// <summary>
    /// Looks at the values of a request whose shape is right. All faults are collected, each with its place. The key
    /// has to be there; whether it is one, and the header's, is told with the header.
    /// </summary>
    public static Problem? Check(in CreateTransferMembers members, out CreateTransferRequest? request)
    {
        request = null;
        if (members.IdempotencyKey is not { } key)
        {
            return new Problem(
                ProblemTypes.IdempotencyKeyMissing, "The body needs the member idempotencyKey.");
        }

        var errors = new List<ProblemError>();
        CheckAccounts(members.Source!, members.Destination!, errors);
        var currency = PaymentValues.CheckCurrency(members.Currency, Of + "/currency", errors);
        var amount = PaymentValues.CheckAmount(
            members.AmountReading, members.Amount, currency, Of + "/amount", errors);
        if (currency is not null && members.AmountReading == AmountReading.Number && members.Amount <= 0)
        {
            errors.Add(ProblemError.At(Of + "/amount", "amount_not_positive", "must be greater than zero"));
        }

        PaymentValues.CheckDescription(members.Description, Of + "/description", errors);
        if (errors.Count > 0)
        {
            return new Problem(ProblemTypes.Unprocessable, "A value of the transaction is not accepted.", errors);
        }

        request = new(key, members.Source!, members.Destination!, amount, members.Description);
        return null;
    }

    private static void CheckAccounts(string source, string destination, List<ProblemError> errors)
    {
        PaymentValues.CheckAccount(source, Of + "/source_account_id", errors);
        PaymentValues.CheckAccount(destination, Of + "/destination_account_id", errors);
        if (source == destination)
        {
            errors.Add(ProblemError.At(
                Of + "/destination_account_id", "same_account", "must be another account than the source"));
        }
    }
}

/// <summary>The members as they stood in the body, before anything is known about their values.</summary>
internal struct CreateTransferMembers
{
    public string? IdempotencyKey;
    public string? Source;
    public string? Destination;
    public string? Currency;
    public string? Description;
    public decimal Amount;
    public AmountReading AmountReading;
}
