using System.Globalization;

namespace Payments.Web;

/// <summary>Amounts as people read them: grouped, with a true minus sign, with the currency's decimals.</summary>
internal static class MoneyText
{
    /// <summary>The currencies that the form offers, the default first; the API knows more.</summary>
    public static IReadOnlyList<string> Offered { get; } = ["USD", "EUR", "GBP", "JPY", "KWD", "USDC"];

    /// <summary>
    /// <c>1,234.50</c> or <c>−1,234.50</c>. An amount that has more decimals than its currency keeps them all:
    /// nothing is rounded away on a screen.
    /// </summary>
    public static string Digits(decimal amount, string currency)
    {
        var scale = Math.Max(amount.Scale, DecimalsOf(currency) ?? amount.Scale);
        var format = "N" + scale.ToString(CultureInfo.InvariantCulture);
        var digits = Math.Abs(amount).ToString(format, CultureInfo.InvariantCulture);

        return amount < 0 ? "\u2212" + digits : digits;
    }

    /// <summary><c>1,234.50 USD</c>.</summary>
    public static string WithCode(decimal amount, string currency) => $"{Digits(amount, currency)} {currency}";

    /// <summary>
    /// Reads what a person typed. A comma is refused: to some it groups thousands, to others it begins the decimals.
    /// </summary>
    public static bool TryRead(string text, out decimal amount) =>
        decimal.TryParse(
            text.Trim().Replace('\u2212', '-'),
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture,
            out amount);

    /// <summary>Decimals of the offered currencies, or null for another, which keeps those of the answer.</summary>
    public static int? DecimalsOf(string currency) => currency switch
    {
        "JPY" => 0,
        "USD" or "EUR" or "GBP" => 2,
        "KWD" => 3,
        "USDC" => 6,
        _ => null,
    };
}
