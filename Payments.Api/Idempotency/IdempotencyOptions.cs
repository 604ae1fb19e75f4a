using System.ComponentModel.DataAnnotations;

namespace Payments.Api.Idempotency;

/// <summary>Limits of idempotency; section <c>Idempotency</c> of the configuration.</summary>
internal sealed class IdempotencyOptions
{
    public const string Section = "Idempotency";

    /// <summary>How long a request waits for its key while another process holds it; then it is 409.</summary>
    [Range(1, 10_000)]
    public int KeyWaitMilliseconds { get; set; } = 1_000;

    /// <summary>Most finished answers that the process remembers.</summary>
    [Range(0, 1_000_000)]
    public int CachedAnswers { get; set; } = 10_000;
}
