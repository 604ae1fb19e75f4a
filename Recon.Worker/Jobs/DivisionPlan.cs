using Payments.Ledger.Jobs;

namespace Recon.Worker.Jobs;

/// <summary>
/// Decides where the next claim looks. Most claims look at the divisions that fall to this worker among the living
/// ones, starting behind what it has claimed before; every poll one claim looks at all divisions from their beginning.
/// So no division is ever without a worker, and no job is out of sight: one that committed late, waits for its retry
/// or was held by a worker that died is found by the full look. Where that finds a backlog of others, this worker helps
/// them until there is none.
/// </summary>
internal sealed class DivisionPlan(TimeProvider clock, TimeSpan fullLookEvery)
{
    // A mark is used only when it is older than this: a transaction that took earlier sequence numbers and commits
    // a little later is then still seen at once.
    private static readonly TimeSpan MarkDelay = TimeSpan.FromSeconds(1);

    private readonly long[] _marks = new long[Division.Count];
    private readonly long[] _agingMarks = new long[Division.Count];
    private readonly long[] _claimed = new long[Division.Count];
    private long _marksTakenAt = clock.GetTimestamp();
    private long? _fullLookAt;
    private int _start;
    private bool _helps;
    private short? _filledAlone;
    private short? _lastLeft;
    private short[] _preferred = [.. Everything];
    private short[] _others = [];

    private static IEnumerable<short> Everything => Enumerable.Range(0, Division.Count).Select(d => (short)d);

    /// <summary>The divisions that this worker looks at first.</summary>
    public IReadOnlyList<short> Preferred => _preferred;

    /// <summary>
    /// Shares the divisions out: this worker is number <paramref name="rank"/> (from 0) of the living.
    /// </summary>
    public void Share(int rank, int living)
    {
        var preferred = Everything.Where(division => division % living == rank).ToArray();
        if (!preferred.AsSpan().SequenceEqual(_preferred))
        {
            _preferred = preferred;
            _others = [.. Everything.Except(preferred)];
            Forget();
        }
    }

    /// <summary>Where the next claim looks.</summary>
    public DivisionOrder Next()
    {
        var divisions = InTurn(_preferred).ToList();
        var isFullLook = IsFullLookDue;
        if (isFullLook || _helps)
        {
            divisions.AddRange(InTurn(_others));
        }

        if (isFullLook)
        {
            _fullLookAt = clock.GetTimestamp();
            return new DivisionOrder(divisions, new long[divisions.Count]);
        }

        AgeMarks();
        return new DivisionOrder(divisions, divisions.ConvertAll(division => _marks[division]));
    }

    /// <summary>Remembers how far each division was claimed, and goes on behind the last one next time.</summary>
    /// <param name="isFull">Whether there may be more than the batch could hold.</param>
    public void Claimed(IReadOnlyList<ClaimedJob> jobs, DivisionOrder order, bool isFull)
    {
        foreach (var job in jobs)
        {
            _claimed[job.Division] = Math.Max(_claimed[job.Division], job.Sequence);
        }

        // The batch may have ended within any division; the last one reached is the one to go on behind.
        var claimed = jobs.Select(job => job.Division).ToHashSet();
        _start = order.Divisions.Last(claimed.Contains) + 1;
        _helps = isFull && claimed.Overlaps(_others);

        // Between two batches of one division the turn came past all others, and found nothing there.
        short? filledAlone = isFull && claimed.Count == 1 ? jobs[0].Division : null;
        _lastLeft = filledAlone == _filledAlone ? filledAlone : null;
        _filledAlone = filledAlone;
    }

    /// <summary>
    /// Where more can be claimed while the last claim is being settled: behind it, in the one division that is left.
    /// No other worker could help there, for its payments are settled in order.
    /// </summary>
    /// <returns>Null while there are other divisions with work, and when a full look is due.</returns>
    public DivisionOrder? Ahead() => _lastLeft is { } division && !IsFullLookDue
        ? new DivisionOrder([division], [_claimed[division]])
        : null;

    /// <summary>
    /// Starts from the beginning everywhere: jobs were handed back, or another worker's divisions came over.
    /// </summary>
    public void Forget()
    {
        Array.Clear(_marks);
        Array.Clear(_agingMarks);
        Array.Clear(_claimed);
        _fullLookAt = null;
        _helps = false;
        _filledAlone = null;
        _lastLeft = null;
    }

    private bool IsFullLookDue => _fullLookAt is not { } at || clock.GetElapsedTime(at) >= fullLookEvery;

    private IEnumerable<short> InTurn(short[] divisions) =>
        divisions.Where(division => division >= _start).Concat(divisions.Where(division => division < _start));

    private void AgeMarks()
    {
        if (clock.GetElapsedTime(_marksTakenAt) >= MarkDelay)
        {
            _marksTakenAt = clock.GetTimestamp();
            _agingMarks.CopyTo(_marks, 0);
            _claimed.CopyTo(_agingMarks, 0);
        }
    }
}
