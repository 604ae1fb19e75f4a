using System.Diagnostics.Metrics;

namespace Payments.Ledger.Reconciliation.Corrections;

/// <summary>Counts corrections that were tried, and those after which the check agreed.</summary>
public sealed class CorrectionTelemetry : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Payments.Ledger.Corrections";

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _successes;

    public CorrectionTelemetry()
    {
        _attempts = _meter.CreateCounter<long>(
            "reconciliation_corrections_attempted_total", description: "Corrections that were tried");
        _successes = _meter.CreateCounter<long>(
            "reconciliation_corrections_succeeded_total",
            description: "Corrections that were kept, because the check agreed after them");
        foreach (var kind in AdjustmentKind.All)
        {
            foreach (var automatic in (bool[])[false, true])
            {
                Add(kind, automatic, 0, 0);
            }
        }
    }

    /// <summary>A correction was tried, and its outcome is committed.</summary>
    public void Tried(Adjustment adjustment)
    {
        ArgumentNullException.ThrowIfNull(adjustment);
        if (adjustment.Status is AdjustmentStatus.Posted or AdjustmentStatus.Failed)
        {
            Add(
                adjustment.Kind, adjustment.ProposedBy == CorrectException.Service.Name, 1,
                adjustment.Status == AdjustmentStatus.Posted ? 1 : 0);
        }
    }

    public void Dispose() => _meter.Dispose();

    private void Add(string kind, bool automatic, long attempts, long successes)
    {
        KeyValuePair<string, object?>[] tags =
            [new("kind", kind), new("trigger", automatic ? "automatic" : "operator")];
        _attempts.Add(attempts, tags);
        _successes.Add(successes, tags);
    }
}
