namespace Payments.Web.Tests;

public sealed class MoneyTextTests
{
    [Theory]
    [InlineData("1234567.5", "USD", "1,234,567.50")]
    [InlineData("-50", "USD", "−50.00")]
    [InlineData("0", "USD", "0.00")]
    [InlineData("146426", "JPY", "146,426")]
    [InlineData("1.5", "KWD", "1.500")]
    [InlineData("0.000001", "USDC", "0.000001")]
    public void An_amount_shows_the_decimals_of_its_currency(string amount, string currency, string shown)
    {
        Assert.Equal(shown, MoneyText.Digits(Decimal(amount), currency));
    }

    [Fact]
    public void Nothing_is_rounded_away()
    {
        Assert.Equal("0.125", MoneyText.Digits(0.125m, "USD"));
    }

    [Fact]
    public void A_currency_that_the_form_does_not_offer_keeps_the_decimals_of_the_answer()
    {
        Assert.Equal("10.0000", MoneyText.Digits(10.0000m, "CLF"));
    }

    [Theory]
    [InlineData("250.13", true)]
    [InlineData(" -5 ", true)]
    [InlineData("−5", true)]
    [InlineData("1,500", false)]
    [InlineData("1e3", false)]
    [InlineData("ten", false)]
    [InlineData("", false)]
    public void Only_digits_with_a_sign_and_a_point_are_an_amount(string typed, bool isAmount)
    {
        Assert.Equal(isAmount, MoneyText.TryRead(typed, out _));
    }

    [Theory]
    [InlineData(0.0004, "0 ms")]
    [InlineData(0.132, "132 ms")]
    [InlineData(2.44, "2.4 s")]
    [InlineData(192, "3 min 12 s")]
    [InlineData(7_260, "2 h 1 min")]
    [InlineData(180_000, "2 d 2 h")]
    public void A_duration_shows_in_the_unit_a_person_would_choose(double seconds, string shown)
    {
        Assert.Equal(shown, DurationText.Of(TimeSpan.FromSeconds(seconds)));
    }

    private static decimal Decimal(string text) =>
        decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
