namespace Payments.Ledger;

/// <summary>
/// An amount in the smallest unit of one currency. Arithmetic across currencies throws, because a sum of euros and
/// dollars is a programming mistake rather than something a caller can recover from.
/// </summary>
public readonly record struct Money(long Minor, Currency Currency)
{
    /// <summary>
    /// The largest amount of one payment in either direction, in minor units (10 trillion USD). A balance, which is a
    /// <c>bigint</c>, then has room for more than nine thousand of them.
    /// </summary>
    public const long MaxMinor = 1_000_000_000_000_000;

    /// <summary>
    /// The amount in the currency's unit with exactly its decimals: 10000 USD minor units are 100.00.
    /// </summary>
    public decimal ToDecimal() => Currency.ToUnits(Minor);

    /// <summary>
    /// Reads an amount given in the currency's unit. Trailing zeros do not count as decimals, so 100.000 is 100.00.
    /// </summary>
    public static MoneyError TryFromDecimal(decimal amount, Currency currency, out Money money)
    {
        money = default;

        // Checked before multiplying: decimal ends at 7.9e28, and a long amount must be a refusal, not an overflow.
        if (Math.Abs(amount) > new decimal(MaxMinor) / currency.MinorPerMajor)
        {
            return MoneyError.TooLarge;
        }

        var minor = amount * currency.MinorPerMajor;
        if (minor != decimal.Truncate(minor))
        {
            return MoneyError.TooManyDecimals;
        }

        money = new Money(decimal.ToInt64(minor), currency);
        return MoneyError.None;
    }

    public static Money operator +(Money left, Money right)
    {
        RequireSameCurrency(left, right);
        return left with { Minor = checked(left.Minor + right.Minor) };
    }

    public static Money operator -(Money left, Money right)
    {
        RequireSameCurrency(left, right);
        return left with { Minor = checked(left.Minor - right.Minor) };
    }

    public override string ToString() => FormattableString.Invariant($"{ToDecimal()} {Currency.Code}");

    private static void RequireSameCurrency(Money left, Money right)
    {
        if (left.Currency != right.Currency)
        {
            throw new InvalidOperationException($"Cannot combine {left.Currency} with {right.Currency}.");
        }
    }
}

/// <summary>Why a number is not an amount of a currency.</summary>
public enum MoneyError
{
    None,
    TooManyDecimals,
    TooLarge,
}
