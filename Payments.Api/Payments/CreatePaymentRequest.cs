using System.Globalization;
using Payments.Ledger;
using Payments.Ledger.Accounts;

namespace Payments.Api.Payments;

/// <summary>A request to create a payment whose every value has been accepted.</summary>
/// <param name="Amount">
/// May be zero or negative: settlement fails such a payment, so that there is a record of it.
/// </param>
internal sealed record CreatePaymentRequest(string AccountId, Money Amount, string? Description)
{
    /// <summary>Longest description, in characters (Unicode code points).</summary>
    public const int DescriptionMaxLength = 500;

    /// <summary>
    /// Looks at the values of a request whose shape is right. All faults are collected, each with its place.
    /// </summary>
    public static Problem? Check(in CreatePaymentMembers members, out CreatePaymentRequest? request)
    {
        var errors = new List<ProblemError>();
        CheckAccount(members.AccountId!, errors);
        var amount = CheckAmount(members, errors);
        CheckDescription(members.Description, errors);
        request = errors.Count == 0 ? new CreatePaymentRequest(members.AccountId!, amount, members.Description) : null;
        return errors.Count == 0
            ? null
            : new Problem(ProblemTypes.Unprocessable, "A value of the payment is not accepted.", errors);
    }

    private static void CheckAccount(string name, List<ProblemError> errors)
    {
        if (!AccountName.IsValid(name))
        {
            errors.Add(ProblemError.At(
                "#/accountId", "invalid_account",
                $"must be 1 to {AccountName.MaxLength} letters, digits and . _ : @ -, a letter or digit first"));
        }
        else if (AccountName.IsReserved(name))
        {
            errors.Add(ProblemError.At("#/accountId", "reserved_account", "is a system account"));
        }
    }

    private static Money CheckAmount(in CreatePaymentMembers members, List<ProblemError> errors)
    {
        var currency = Currency.Usd;
        if (members.Currency is { } code && !Currency.TryGet(code, out currency))
        {
            errors.Add(ProblemError.At(
                "#/currency", "unknown_currency", "must be an ISO 4217 code in capitals, or USDC"));
            return default;
        }

        var amount = default(Money);
        var error = members.AmountReading switch
        {
            AmountReading.Number => Money.TryFromDecimal(members.Amount, currency, out amount),
            AmountReading.TooLarge => MoneyError.TooLarge,
            _ => MoneyError.TooManyDecimals,
        };
        switch (error)
        {
            case MoneyError.TooLarge:
                var most = new Money(Money.MaxMinor, currency).ToDecimal().ToString(CultureInfo.InvariantCulture);
                errors.Add(ProblemError.At(
                    "#/amount", "amount_too_large", $"must be between -{most} and {most} in {currency.Code}"));
                break;
            case MoneyError.TooManyDecimals:
                errors.Add(ProblemError.At(
                    "#/amount", "too_many_decimals",
                    $"must have at most {currency.Exponent} decimals in {currency.Code}"));
                break;
        }

        return amount;
    }

    private static void CheckDescription(string? description, List<ProblemError> errors)
    {
        if (description is null)
        {
            return;
        }

        if (description.Length > DescriptionMaxLength && CountCharacters(description) > DescriptionMaxLength)
        {
            errors.Add(ProblemError.At(
                "#/description", "too_long", $"must have at most {DescriptionMaxLength} characters"));
        }

        if (description.AsSpan().ContainsAnyInRange('\0', '\u001f')
            || description.AsSpan().ContainsAnyInRange('\u007f', '\u009f'))
        {
            errors.Add(ProblemError.At("#/description", "control_character", "must not contain control characters"));
        }
    }

    private static int CountCharacters(string text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes())
        {
            count++;
        }

        return count;
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
