using System.ComponentModel.DataAnnotations;

namespace Recon.Worker.Reconciliation.Continuous;

/// <summary>What an operator may set, under <c>ContinuousChecking:</c>.</summary>
internal sealed class ContinuousOptions
{
    public const string Section = "ContinuousChecking";

    private const double PassRests = 9;

    // A little less than the five seconds after which a wrong entry has to be named.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(4.5);

    public bool Enabled { get; set; } = true;

    /// <summary>How often new entries, and the accounts that they are of, are looked at.</summary>
    [Range(0.05, 60)]
    public double IntervalSeconds { get; set; } = 2;

    /// <summary>Time between two sweeps over everything, at the least.</summary>
    [Range(0.05, 86_400)]
    public double SweepSeconds { get; set; } = 10;

    /// <summary>
    /// The share of the time that sweeps work: one that takes a second is followed by nineteen without. It bounds the
    /// cost, so the period grows with the books: at 0.05, some four minutes for a million entries.
    /// </summary>
    [Range(0.001, 1)]
    public double SweepShare { get; set; } = 0.05;

    public TimeSpan Interval => TimeSpan.FromSeconds(IntervalSeconds);

    /// <summary>
    /// How long to leave it after a pass that worked for so long. Passes take a tenth of the time, unless a wrong entry
    /// could not be named within five seconds: one that just escaped a pass waits for its end, for the rest and for
    /// the whole of the next.
    /// </summary>
    public TimeSpan RestAfterPass(TimeSpan worked)
    {
        var rest = worked * PassRests;
        var longest = LongestSilence - (worked * 2);
        rest = rest < longest ? rest : longest;
        return rest > Interval ? rest : Interval;
    }

    /// <summary>How long to leave it after a sweep that worked for so long.</summary>
    public TimeSpan RestAfter(TimeSpan worked)
    {
        var rest = worked * ((1 / SweepShare) - 1);
        var least = TimeSpan.FromSeconds(SweepSeconds);
        return rest > least ? rest : least;
    }
}
