using Npgsql;

namespace Recon.Worker.Reconciliation.Continuous;

/// <summary>
/// What continuous checking has reported. It looks every few seconds, and the same break seen again and again is one
/// sighting, not thousands: only what is new, or gone, is recorded.
/// </summary>
internal sealed class KnownBreaks(
    RecordBreaks record, ReconciliationTelemetry telemetry, TimeProvider clock, ILogger<KnownBreaks> logger)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, HashSet<Sighting>?> _known = new(StringComparer.Ordinal);

    /// <summary>Records those that are new, within the open transaction; none counts as gone.</summary>
    /// <returns>What <see cref="Count"/> counts once that is committed; null when nothing was recorded.</returns>
    public async Task<RecordedBreaks?> AddAsync(
        NpgsqlConnection connection, string checkType, IReadOnlyList<Break> breaks, DateTimeOffset seenAt,
        CancellationToken cancel)
    {
        var fresh = breaks.Where(one => !IsKnown(checkType, one)).ToList();

        // No account was looked at as a whole, so nothing is closed.
        return fresh.Count == 0 ? null : await RecordAsync(
            connection, checkType, BreakScope.OfAccounts([]), new CheckResult([], fresh, 0), seenAt, cancel);
    }

    /// <summary>Records all that is there, and so what is gone, if anything has changed.</summary>
    /// <returns>As of <see cref="AddAsync"/>.</returns>
    public async Task<RecordedBreaks?> ReplaceAsync(
        NpgsqlConnection connection, string checkType, CheckResult result, DateTimeOffset seenAt,
        CancellationToken cancel)
    {
        var now = result.Breaks.Select(Sighting.Of).ToHashSet();
        lock (_lock)
        {
            if (_known.GetValueOrDefault(checkType) is { } before && before.SetEquals(now) && result.MoreBreaks == 0)
            {
                return null;
            }
        }

        var recorded = await RecordAsync(connection, checkType, BreakScope.Everything, result, seenAt, cancel);
        lock (_lock)
        {
            _known[checkType] = now;
        }

        return recorded;
    }

    /// <summary>Counts what was recorded, and is committed by now.</summary>
    public void Count(string checkType, RecordedBreaks? recorded)
    {
        if (recorded is not null)
        {
            telemetry.ExceptionsOpened(checkType, recorded.Opened);
            telemetry.AlertsRaised(checkType, recorded.Alerted);
        }
    }

    /// <summary>The next sweep records everything again: nobody knows what became of the last transaction.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _known.Clear();
        }
    }

    private bool IsKnown(string checkType, Break one)
    {
        lock (_lock)
        {
            return _known.GetValueOrDefault(checkType)?.Contains(Sighting.Of(one)) is true;
        }
    }

    private async Task<RecordedBreaks> RecordAsync(
        NpgsqlConnection connection, string checkType, BreakScope scope, CheckResult result, DateTimeOffset seenAt,
        CancellationToken cancel)
    {
        foreach (var one in result.Breaks.Where(one => !IsKnown(checkType, one)))
        {
            logger.LogError("{CheckType} {Kind}: {Description}", checkType, one.Kind, one.Description);
        }

        var context = new SightingContext(Guid.CreateVersion7(clock.GetUtcNow()), checkType, scope, seenAt);
        return await record.RecordAsync(connection, context, result, cancel);
    }

    private readonly record struct Sighting(string Key, decimal? Difference)
    {
        public static Sighting Of(Break one) => new(one.Key, one.Difference);
    }
}
