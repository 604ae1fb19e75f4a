using System.Globalization;

namespace Payments.Ledger.Tests;

public sealed class MoneyTests
{
    [Theory]
    [InlineData("100", "USD", 100_00)]
    [InlineData("100.000", "USD", 100_00)]
    [InlineData("-0.01", "USD", -1)]
    [InlineData("0", "USD", 0)]
    [InlineData("100", "JPY", 100)]
    [InlineData("1.234", "KWD", 1_234)]
    [InlineData("0.000001", "USDC", 1)]
    [InlineData("10000000000000", "USD", 1_000_000_000_000_000)]
    public void An_amount_is_read_into_minor_units_of_its_currency(string amount, string currency, long minor)
    {
        Assert.Equal((MoneyError.None, minor), Read(amount, currency));
    }

    [Theory]
    [InlineData("0.001", "USD", MoneyError.TooManyDecimals)]
    [InlineData("0.1", "JPY", MoneyError.TooManyDecimals)]
    [InlineData("0.0000001", "USDC", MoneyError.TooManyDecimals)]
    [InlineData("10000000000000.01", "USD", MoneyError.TooLarge)]
    [InlineData("-10000000000000.01", "USD", MoneyError.TooLarge)]
    [InlineData("79228162514264337593543950335", "JPY", MoneyError.TooLarge)]
    [InlineData("79228162514264337593543950335", "USDC", MoneyError.TooLarge)]
    public void An_amount_that_its_currency_cannot_hold_is_refused(string amount, string currency, MoneyError error)
    {
        Assert.Equal(error, Read(amount, currency).Error);
    }

    [Theory]
    [InlineData(100_00, "USD", "100.00")]
    [InlineData(-5, "USD", "-0.05")]
    [InlineData(7, "JPY", "7")]
    [InlineData(1, "USDC", "0.000001")]
    [InlineData(9_223_372_036_854_775_807, "KWD", "9223372036854775.807")]
    public void An_amount_is_written_with_exactly_the_decimals_of_its_currency(long minor, string currency, string text)
    {
        Assert.Equal(text, new Money(minor, Currency.Get(currency)).ToDecimal().ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Every_currency_reads_back_what_it_writes()
    {
        Assert.All(Currency.All, currency =>
        {
            var money = new Money(Money.MaxMinor - 1, currency);
            Assert.Equal(MoneyError.None, Money.TryFromDecimal(money.ToDecimal(), currency, out var read));
            Assert.Equal(money, read);
        });
    }

    [Fact]
    public void Amounts_of_two_currencies_cannot_be_added()
    {
        Assert.Throws<InvalidOperationException>(() => new Money(1, Currency.Usd) + new Money(1, Currency.Get("EUR")));
    }

    [Fact]
    public void A_sum_beyond_64_bits_throws_instead_of_wrapping()
    {
        Assert.Throws<OverflowException>(() => new Money(long.MaxValue, Currency.Usd) + new Money(1, Currency.Usd));
    }

    private static (MoneyError Error, long Minor) Read(string amount, string currency)
    {
        var value = decimal.Parse(amount, CultureInfo.InvariantCulture);
        var error = Money.TryFromDecimal(value, Currency.Get(currency), out var money);
        return (error, money.Minor);
    }
}
