using System.ComponentModel.DataAnnotations;

namespace Recon.Worker.Retention;

/// <summary>How long what is finished is kept; section <c>Retention</c> of the configuration.</summary>
internal sealed class RetentionOptions : IValidatableObject
{
    public const string Section = "Retention";

    /// <summary>Off: what is finished is kept for ever.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Age, since it finished, at which a job or a duty is deleted. A job's payment, result and entries stay; dead
    /// letters stay too, and duties that have a name.
    /// </summary>
    [Range(0.01, 87_600)]
    public double FinishedJobHours { get; set; } = 168;

    /// <summary>Age, since it arrived, at which a delivery of a webhook is deleted.</summary>
    [Range(0.01, 87_600)]
    public double DeliveredWebhookHours { get; set; } = 720;

    /// <summary>The same of one that failed or was cancelled, and may be wanted for a replay.</summary>
    [Range(0.01, 87_600)]
    public double UndeliveredWebhookHours { get; set; } = 2_160;

    /// <summary>Jobs, duties or events that one transaction looks at the most.</summary>
    [Range(1, 10_000)]
    public int BatchSize { get; set; } = 500;

    /// <summary>Rest between two batches, which leaves the disk and the processors to settlement.</summary>
    [Range(0, 60_000)]
    public int RestMilliseconds { get; set; } = 50;

    /// <summary>Time before the first round over everything that is old enough, and between two.</summary>
    [Range(0.05, 86_400)]
    public double IntervalSeconds { get; set; } = 300;

    public TimeSpan FinishedJobAge => TimeSpan.FromHours(FinishedJobHours);

    public TimeSpan DeliveredWebhookAge => TimeSpan.FromHours(DeliveredWebhookHours);

    public TimeSpan UndeliveredWebhookAge => TimeSpan.FromHours(UndeliveredWebhookHours);

    public TimeSpan Rest => TimeSpan.FromMilliseconds(RestMilliseconds);

    public TimeSpan Interval => TimeSpan.FromSeconds(IntervalSeconds);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        UndeliveredWebhookHours < DeliveredWebhookHours
            ? [new ValidationResult(
                "Retention:UndeliveredWebhookHours must not be less than Retention:DeliveredWebhookHours.")]
            : [];
}
