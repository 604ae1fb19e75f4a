using Payments.Ledger;

namespace Recon.Worker.Reconciliation.Checks;

/// <summary>Adds up what a check compares, for each currency.</summary>
internal sealed class Totals
{
    private readonly Dictionary<string, (decimal Expected, decimal Actual)> _totals = new(StringComparer.Ordinal);

    /// <summary>How many were added.</summary>
    public long Items { get; private set; }

    public void Add(string currency, decimal expected, decimal actual)
    {
        Items++;
        var before = _totals.GetValueOrDefault(currency);
        _totals[currency] = (before.Expected + expected, before.Actual + actual);
    }

    /// <summary>In the order of their codes; a code that is no currency has a break, and no total.</summary>
    public IReadOnlyList<CheckTotal> ByCurrency() =>
        [.. _totals.Where(total => Currency.TryGet(total.Key, out _))
            .OrderBy(total => total.Key, StringComparer.Ordinal)
            .Select(total => new CheckTotal(total.Key, total.Value.Expected, total.Value.Actual))];
}
