using System.Text.Json;
using Payments.Ledger;

namespace Recon.Worker.Reconciliation;

/// <summary>What a check's row says of what it found; amounts in minor units.</summary>
/// <param name="Status">passed, failed or inconclusive.</param>
/// <param name="Main">
/// The currency that differs most, by the amount in its units; null when nothing was compared.
/// </param>
internal sealed record CheckVerdict(
    string Status, string? Reason, CheckTotal? Main, IReadOnlyList<CheckTotal> Totals, long ItemsChecked,
    long ItemsFound)
{
    public const string Passed = "passed";

    public const string Failed = "failed";

    public const string Inconclusive = "inconclusive";

    public bool? IsPassed => Status switch
    {
        Passed => true,
        Failed => false,
        _ => null,
    };

    /// <summary>The totals as the column holds them, where amounts are text so that none is rounded.</summary>
    public string TotalsJson => JsonSerializer.Serialize(
        Totals.Select(total => new
        {
            total.Currency,
            Expected = Text(total.Expected),
            Actual = Text(total.Actual),
            Difference = Text(total.Difference),
        }),
        JsonSerializerOptions.Web);

    public static CheckVerdict Of(CheckResult result)
    {
        var found = result.Breaks.Count + result.MoreBreaks;
        var main = result.Totals.OrderByDescending(total => Units(total, Math.Abs(total.Difference)))
            .ThenByDescending(total => Units(total, Math.Abs(total.Expected))).FirstOrDefault();
        var (status, reason) = result.Inconclusive is { } why ? (Inconclusive, why)
            : found > 0 ? (Failed, Summary(result, found))
            : (Passed, null);
        return new CheckVerdict(status, reason, main, result.Totals, result.ItemsChecked, found);
    }

    private static string Summary(CheckResult result, long found)
    {
        var kinds = result.Breaks.CountBy(one => one.Kind, StringComparer.Ordinal)
            .OrderByDescending(kind => kind.Value).ThenBy(kind => kind.Key, StringComparer.Ordinal)
            .Select(kind => FormattableString.Invariant($"{kind.Value} {kind.Key.Replace('_', ' ')}"));
        var more = result.MoreBreaks > 0
            ? FormattableString.Invariant($", and {result.MoreBreaks} that are not listed")
            : "";
        return FormattableString.Invariant(
            $"{found} {(found == 1 ? "break" : "breaks")}: {string.Join(", ", kinds)}{more}.");
    }

    private static decimal Units(CheckTotal total, decimal minor) => minor / Currency.Get(total.Currency).MinorPerMajor;

    private static string Text(decimal minor) => FormattableString.Invariant($"{minor:0}");
}
