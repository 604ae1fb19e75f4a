using Payments.Ledger.Reconciliation;

namespace Recon.Worker.Reconciliation;

/// <summary>An exception as it stands, its row locked; columns in this order.</summary>
internal sealed record KnownException(
    Guid Id, string BreakKey, string Severity, string Status, decimal? Difference, decimal? ResolvedDifference,
    DateTimeOffset LastSeenAt, DateTimeOffset DueAt, DateTimeOffset? GoneAt, string Description, decimal? Expected,
    decimal? Actual, string? Currency)
{
    public bool IsUnresolved => ExceptionStatus.IsUnresolved(Status);

    /// <summary>What it means that the break was seen at this time.</summary>
    public SightingEffect Sight(Break seen, DateTimeOffset at)
    {
        if (at < LastSeenAt || at < GoneAt)
        {
            return SightingEffect.Late;
        }

        // A hasty look may tell that an entry is missing, and not of how much: nothing is another for that.
        var difference = seen.Difference ?? Difference;

        // One that a person resolved while it was there may stay: it comes back when it is another difference.
        if (GoneAt is not null || (!IsUnresolved && difference != ResolvedDifference))
        {
            return SightingEffect.Reopens;
        }

        return !IsUnresolved ? SightingEffect.None
            : RankOf(seen.Severity) > RankOf(Severity) ? SightingEffect.Escalates
            : seen.Severity != Severity || difference != Difference ? SightingEffect.Changes
            : SightingEffect.None;
    }

    /// <summary>
    /// When it is due after the sighting: anew when it reopens, sooner when it got worse, and never later than was
    /// said before.
    /// </summary>
    public DateTimeOffset DueAfter(SightingEffect effect, Break seen, DateTimeOffset at, DueTimes due)
    {
        var anew = due.After(at, seen.Severity);
        return effect switch
        {
            SightingEffect.Reopens => anew,
            SightingEffect.Escalates => anew < DueAt ? anew : DueAt,
            _ => DueAt,
        };
    }

    private static int RankOf(string severity)
    {
        var all = Payments.Ledger.Reconciliation.Severity.All;
        for (var i = 0; i < all.Count; i++)
        {
            if (all[i] == severity)
            {
                return i;
            }
        }

        return -1;
    }
}

/// <summary>What a sighting does to an exception.</summary>
internal enum SightingEffect
{
    /// <summary>It is as it was known.</summary>
    None,

    /// <summary>The difference is another one.</summary>
    Changes,

    /// <summary>It is worse than it was known.</summary>
    Escalates,

    /// <summary>It was over, and is there again.</summary>
    Reopens,

    /// <summary>The look is older than what is known; it counts and changes nothing.</summary>
    Late,
}
