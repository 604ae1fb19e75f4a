using System.Globalization;
using Payments.Ledger;
using Payments.Ledger.Accounts;

namespace Payments.Api.Payments;

/// <summary>
/// What is accepted as the values of a request about money, whatever the member is called. Each fault is added with
/// the place that is given.
/// </summary>
internal static class PaymentValues
{
    /// <summary>Longest description, in characters (Unicode code points).</summary>
    public const int DescriptionMaxLength = 500;

    public static void CheckAccount(string name, string pointer, List<ProblemError> errors)
    {
        if (!AccountName.IsValid(name))
        {
            errors.Add(ProblemError.At(
                pointer, "invalid_account",
                $"must be 1 to {AccountName.MaxLength} letters, digits and . _ : @ -, a letter or digit first"));
        }
        else if (AccountName.IsReserved(name))
        {
            errors.Add(ProblemError.At(pointer, "reserved_account", "is a system account"));
        }
    }

    /// <summary>The currency of a code; USD without one, null when there is no such currency.</summary>
    public static Currency? CheckCurrency(string? code, string pointer, List<ProblemError> errors)
    {
        var currency = Currency.Usd;
        if (code is null || Currency.TryGet(code, out currency))
        {
            return currency;
        }

        errors.Add(ProblemError.At(pointer, "unknown_currency", "must be an ISO 4217 code in capitals, or USDC"));
        return null;
    }

    /// <summary>The amount in a currency; nothing can be said of it without one.</summary>
    public static Money CheckAmount(
        AmountReading reading, decimal amount, Currency? currency, string pointer, List<ProblemError> errors)
    {
        if (currency is null)
        {
            return default;
        }

        var money = default(Money);
        var error = reading switch
        {
            AmountReading.Number => Money.TryFromDecimal(amount, currency, out money),
            AmountReading.TooLarge => MoneyError.TooLarge,
            _ => MoneyError.TooManyDecimals,
        };
        switch (error)
        {
            case MoneyError.TooLarge:
                var most = new Money(Money.MaxMinor, currency).ToDecimal().ToString(CultureInfo.InvariantCulture);
                errors.Add(ProblemError.At(
                    pointer, "amount_too_large", $"must be between -{most} and {most} in {currency.Code}"));
                break;
            case MoneyError.TooManyDecimals:
                errors.Add(ProblemError.At(
                    pointer, "too_many_decimals",
                    $"must have at most {currency.Exponent} decimals in {currency.Code}"));
                break;
        }

        return money;
    }

    public static void CheckDescription(string? description, string pointer, List<ProblemError> errors)
    {
        if (description is null)
        {
            return;
        }

        if (description.Length > DescriptionMaxLength && CountCharacters(description) > DescriptionMaxLength)
        {
            errors.Add(ProblemError.At(pointer, "too_long", $"must have at most {DescriptionMaxLength} characters"));
        }

        if (description.AsSpan().ContainsAnyInRange('\0', '\u001f')
            || description.AsSpan().ContainsAnyInRange('\u007f', '\u009f'))
        {
            errors.Add(ProblemError.At(pointer, "control_character", "must not contain control characters"));
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
