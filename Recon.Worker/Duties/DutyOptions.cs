using System.ComponentModel.DataAnnotations;

namespace Recon.Worker.Duties;

/// <summary>What an operator may set, under <c>Duties:</c>.</summary>
internal sealed class DutyOptions
{
    public const string Section = "Duties";

    /// <summary>Duties that one process does at a time.</summary>
    [Range(1, 64)]
    public int Parallel { get; set; } = 4;

    /// <summary>How long a claim holds; it is renewed while the duty runs.</summary>
    [Range(1, 600)]
    public double LeaseSeconds { get; set; } = 30;

    /// <summary>How often the table is looked at without being woken.</summary>
    [Range(0.05, 60)]
    public double PollSeconds { get; set; } = 2;

    /// <summary>First wait after a failure; it doubles with each, and a random part of it is waited.</summary>
    [Range(0.001, 600)]
    public double RetryDelaySeconds { get; set; } = 1;

    /// <summary>The longest wait between two tries.</summary>
    [Range(0.001, 86_400)]
    public double RetryDelayMaxSeconds { get; set; } = 300;

    public TimeSpan Lease => TimeSpan.FromSeconds(LeaseSeconds);

    public TimeSpan Poll => TimeSpan.FromSeconds(PollSeconds);
}
