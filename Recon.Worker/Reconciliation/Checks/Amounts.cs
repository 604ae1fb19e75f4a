using System.Globalization;
using Payments.Ledger;

namespace Recon.Worker.Reconciliation.Checks;

/// <summary>Amounts as the descriptions of breaks have them.</summary>
internal static class Amounts
{
    /// <summary><c>-12.50 USD</c>. Of a code that is no currency, the minor units with the code.</summary>
    public static string Text(decimal minor, string currency) =>
        Currency.TryGet(currency, out var known)
            ? string.Create(CultureInfo.InvariantCulture, $"{Units(minor, known)} {currency}")
            : string.Create(CultureInfo.InvariantCulture, $"{minor:0} minor units of {currency}");

    /// <summary>The same with its sign, also when it is above zero.</summary>
    public static string Signed(decimal minor, string currency) => (minor > 0 ? "+" : "") + Text(minor, currency);

    /// <summary>By amount; a code that is no currency is counted as one of two decimals.</summary>
    public static string SeverityOf(decimal minor, string currency) => Payments.Ledger.Reconciliation.Severity.Of(
        minor, Currency.TryGet(currency, out var known) ? known : Currency.Usd);

    // With exactly the currency's decimals, and more where an outside total has a fraction of the smallest unit.
    private static string Units(decimal minor, Currency currency)
    {
        var units = minor / currency.MinorPerMajor;
        var format = decimal.Truncate(minor) == minor ? FormattableString.Invariant($"F{currency.Exponent}") : null;
        return units.ToString(format, CultureInfo.InvariantCulture);
    }
}
