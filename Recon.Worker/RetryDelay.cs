namespace Recon.Worker;

/// <summary>
/// Exponential back-off with full jitter: anything between nothing and a wait that doubles with each failure.
/// </summary>
internal static class RetryDelay
{
    /// <param name="failures">From 1.</param>
    /// <param name="first">Longest wait after the first failure, in seconds.</param>
    /// <param name="most">Longest wait of all, in seconds.</param>
    public static TimeSpan After(int failures, double first, double most, Random random) =>
        TimeSpan.FromSeconds(random.NextDouble() * Math.Min(most, first * Math.Pow(2, failures - 1)));
}
