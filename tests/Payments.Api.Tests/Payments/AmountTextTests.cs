using System.Globalization;
using System.Text;
using Payments.Api.Payments;

namespace Payments.Api.Tests.Payments;

public sealed class AmountTextTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0", "0")]
    [InlineData("0e99999999999", "0")]
    [InlineData("100.00", "100")]
    [InlineData("250.13", "250.13")]
    [InlineData("-12.5", "-12.5")]
    [InlineData("1e2", "100")]
    [InlineData("1E+2", "100")]
    [InlineData("12345e-2", "123.45")]
    [InlineData("0.000001", "0.000001")]
    [InlineData("1000000000000000000", "1000000000000000000")]
    [InlineData("1.000000000000000000000000000000000000", "1")]
    public void A_number_is_read_exactly(string text, string expected)
    {
        Assert.Equal(AmountReading.Number, AmountText.Read(Encoding.ASCII.GetBytes(text), out var amount));

        Assert.Equal(decimal.Parse(expected, CultureInfo.InvariantCulture), amount);
    }

    // decimal.Parse would round each of these to something that could be paid.
    [Theory]
    [InlineData("1.000000000000000000000000000000000001", nameof(AmountReading.TooManyDecimals))]
    [InlineData("99.99999999999999999999999999999999", nameof(AmountReading.TooManyDecimals))]
    [InlineData("1e-400", nameof(AmountReading.TooManyDecimals))]
    [InlineData("100000000000000000000", nameof(AmountReading.TooLarge))]
    [InlineData("1e400", nameof(AmountReading.TooLarge))]
    [InlineData("-1e99999999999", nameof(AmountReading.TooLarge))]
    public void A_number_that_cannot_be_paid_is_not_rounded_to_one_that_can(string text, string expected)
    {
        Assert.Equal(expected, AmountText.Read(Encoding.ASCII.GetBytes(text), out _).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(" 1")]
    [InlineData("+1")]
    [InlineData("-")]
    [InlineData("01")]
    [InlineData(".5")]
    [InlineData("1.")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1,000")]
    [InlineData("0x10")]
    [InlineData("NaN")]
    [InlineData("1 USD")]
    public void What_JSON_does_not_call_a_number_is_none(string text)
    {
        Assert.Equal(AmountReading.NotANumber, AmountText.Read(Encoding.ASCII.GetBytes(text), out _));
    }
}
