namespace Recon.Worker.Reconciliation.Checks;

/// <summary>Breaks as a check finds them: as many as are reported are kept, the rest is counted.</summary>
internal sealed class BreakList
{
    private readonly List<Break> _breaks = [];
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);

    public IReadOnlyList<Break> Breaks => _breaks;

    /// <summary>How many were found beyond those that are kept.</summary>
    public long More { get; private set; }

    public bool IsFull => _breaks.Count >= CheckResult.MostBreaks;

    /// <summary>Adds a break; the same one twice is one.</summary>
    public void Add(Break found)
    {
        if (IsFull)
        {
            More++;
        }
        else if (_keys.Add(found.Key))
        {
            _breaks.Add(found);
        }
    }

    public CheckResult Result(IReadOnlyList<CheckTotal> totals, long itemsChecked) =>
        new(totals, _breaks, itemsChecked) { MoreBreaks = More };
}
