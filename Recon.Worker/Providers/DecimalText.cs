using System.Globalization;

namespace Recon.Worker.Providers;

/// <summary>
/// Reads the decimal strings of the providers exactly. Any number of decimals that a total can hold without rounding
/// is kept; what could be rounded is refused.
/// </summary>
internal static class DecimalText
{
    // Together within the 28 digits that a decimal keeps, also after adding up and counting in minor units.
    private const int MostWholeDigits = 15;
    private const int MostDecimals = 12;

    /// <summary>The largest total, in units of the currency, that is still exact with all its decimals.</summary>
    public const decimal Largest = 999_999_999_999_999m;

    /// <summary>Whether the text is a plain decimal such as <c>-12.345678</c>; no exponent, no separators.</summary>
    public static bool TryRead(string? text, out decimal value)
    {
        value = 0;
        if (text is null)
        {
            return false;
        }

        var digits = text.AsSpan(text.StartsWith('-') ? 1 : 0);
        var point = digits.IndexOf('.');
        var whole = point < 0 ? digits : digits[..point];
        var decimals = point < 0 ? [] : digits[(point + 1)..];
        return whole.Length is > 0 and <= MostWholeDigits
            && decimals.Length <= MostDecimals
            && (point < 0 || decimals.Length > 0)
            && !whole.ContainsAnyExceptInRange('0', '9')
            && !decimals.ContainsAnyExceptInRange('0', '9')
            && decimal.TryParse(
                text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                out value);
    }
}
