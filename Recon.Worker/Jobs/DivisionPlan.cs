using Payments.Ledger.Jobs;

namespace Recon.Worker.Jobs;

/// <summary>
/// Decides where the next claim looks. Most claims look at the divisions that fall to this worker among the living
/// ones, starting behind what it has claimed before; every poll one claim looks at all divisions from their beginning.
/// So no division is ever without a worker, and no job is out of sight: one that committed late, waits for its retry
/// or was held by a worker that died is found by the full look.
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
    private short[] _preferred = [.. Enumerable.Range(0, Division.Count).Select(division => (short)division)];

    /// <summary>The divisions that this worker looks at first.</summary>
    public IReadOnlyList<short> Preferred => _preferred;

    /// <summary>
    /// Shares the divisions out: this worker is number <paramref name="rank"/> (from 0) of the living.
    /// </summary>
    public void Share(int rank, int living)
    {
        var preferred = Enumerable.Range(0, Division.Count)
            .Where(division => division % living == rank)
            .Select(division => (short)division)
            .ToArray();
        if (!preferred.AsSpan().SequenceEqual(_preferred))
        {
            _preferred = preferred;
            Forget();
        }
    }

    /// <summary>Where the next claim looks.</summary>
    public DivisionOrder Next()
    {
        var preferred = _preferred;
        var start = Math.Max(0, Array.FindIndex(preferred, division => division >= _start));
        var divisions = preferred.Skip(start).Concat(preferred.Take(start)).ToList();

        if (_fullLookAt is null || clock.GetElapsedTime(_fullLookAt.Value) >= fullLookEvery)
        {
            _fullLookAt = clock.GetTimestamp();
            divisions.AddRange(Enumerable.Range(0, Division.Count).Select(d => (short)d).Except(preferred));
            return new DivisionOrder(divisions, new long[divisions.Count]);
        }

        AgeMarks();
        return new DivisionOrder(divisions, divisions.ConvertAll(division => _marks[division]));
    }

    /// <summary>Remembers how far each division was claimed, and goes on behind the last one next time.</summary>
    public void Claimed(IReadOnlyList<ClaimedJob> jobs, DivisionOrder order)
    {
        foreach (var job in jobs)
        {
            _claimed[job.Division] = Math.Max(_claimed[job.Division], job.Sequence);
        }

        // The batch may have ended within any division; the last one reached is the one to go on behind.
        var claimed = jobs.Select(job => job.Division).ToHashSet();
        _start = order.Divisions.Last(claimed.Contains) + 1;
    }

    /// <summary>
    /// Starts from the beginning everywhere: jobs were handed back, or another worker's divisions came over.
    /// </summary>
    public void Forget()
    {
        Array.Clear(_marks);
        Array.Clear(_agingMarks);
        Array.Clear(_claimed);
        _fullLookAt = null;
    }

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
