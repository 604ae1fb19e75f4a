using System.ComponentModel.DataAnnotations;

namespace Payments.Api.Readiness;

/// <summary>When the system counts as ready; section <c>Ready</c> of the configuration.</summary>
internal sealed class ReadinessOptions
{
    public const string Section = "Ready";

    /// <summary>The longest that the oldest job may have waited, unless the queue is paused.</summary>
    [Range(1, 86_400)]
    public double OldestJobSeconds { get; set; } = 300;

    /// <summary>The longest that every worker may have been silent.</summary>
    [Range(1, 3_600)]
    public double WorkerSilenceSeconds { get; set; } = 30;

    /// <summary>How long the database may take to answer.</summary>
    [Range(0.1, 60)]
    public double DatabaseSeconds { get; set; } = 3;
}
