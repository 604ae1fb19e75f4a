using Payments.Api.Payments;
using Payments.Ledger;

namespace Payments.Api.Flows;

/// <summary>What is accepted as the values of a flow. Each fault is added with its place.</summary>
internal static class FlowValues
{
    /// <summary>Longest reference and longest reason, in characters.</summary>
    public const int TextMaxLength = 200;

    public static Currency Usdc { get; } = Currency.Get("USDC");

    /// <summary>The members that all flows share.</summary>
    public static List<ProblemError> CheckCommon(in FlowMembers members)
    {
        var errors = new List<ProblemError>();
        PaymentValues.CheckAccount(members.AccountId!, "#/accountId", errors);
        CheckText(members.Reference, "#/reference", "invalid_reference", errors);
        PaymentValues.CheckDescription(members.Description, "#/description", errors);
        return errors;
    }

    /// <summary>An amount above zero; meaningless when a fault was added.</summary>
    public static Money CheckAmount(
        GivenAmount amount, Currency currency, string pointer, List<ProblemError> errors)
    {
        if (amount is { Reading: AmountReading.Number, Value: <= 0 })
        {
            errors.Add(ProblemError.At(pointer, "amount_not_positive", "must be greater than zero"));
            return default;
        }

        return PaymentValues.CheckAmount(amount.Reading, amount.Value, currency, pointer, errors);
    }

    /// <summary>A flow of this kind has one currency, which need not be named.</summary>
    public static void CheckCurrency(string? code, Currency only, List<ProblemError> errors)
    {
        if (code is not null && code != only.Code)
        {
            errors.Add(ProblemError.At("#/currency", "currency_not_supported", "must be " + only.Code));
        }
    }

    public static void CheckText(string? text, string pointer, string code, List<ProblemError> errors)
    {
        if (text is not null
            && (string.IsNullOrWhiteSpace(text) || text.Length > TextMaxLength || text.Any(char.IsControl)))
        {
            errors.Add(ProblemError.At(
                pointer, code, $"must be 1 to {TextMaxLength} characters without control characters"));
        }
    }

    public static Problem? Refuse(List<ProblemError> errors, string of) => errors.Count == 0
        ? null
        : new Problem(ProblemTypes.Unprocessable, $"A value of the {of} is not accepted.", errors);
}
