using System.Net.Http.Headers;

namespace Recon.Worker.Webhooks;

/// <summary>When a delivery that failed is tried again.</summary>
internal static class WebhookSchedule
{
    // Up to a tenth more is waited, so that what failed together does not come back together.
    private const double Jitter = 0.1;

    private static readonly TimeSpan[] Waits =
    [
        TimeSpan.Zero, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2), TimeSpan.FromHours(5), TimeSpan.FromHours(10), TimeSpan.FromHours(14),
        TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];

    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(24);

    /// <summary>Attempts of one round; after them the delivery has failed.</summary>
    public static int Attempts => Waits.Length;

    /// <summary>How long to wait after so many attempts of a round.</summary>
    public static TimeSpan WaitAfter(int attempts, Random random) =>
        Waits[attempts] * (1 + (random.NextDouble() * Jitter));

    /// <summary>
    /// How long the target asks to be left alone, or seems to need: by its Retry-After, or half a minute when it has
    /// too much to do. Null: it asks for nothing.
    /// </summary>
    public static TimeSpan? PauseOf(int status, RetryConditionHeaderValue? retryAfter, DateTimeOffset now)
    {
        var asked = retryAfter?.Delta ?? (retryAfter?.Date is { } date ? date - now : null);
        if (asked is { } wait)
        {
            return wait <= TimeSpan.Zero ? null : wait < LongestPause ? wait : LongestPause;
        }

        return status is 429 or 502 or 504 ? TimeSpan.FromSeconds(30) : null;
    }
}
