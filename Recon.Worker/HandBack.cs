namespace Recon.Worker;

/// <summary>
/// Hands back what a worker holds and cannot finish now. What is not handed back counts, once its lease has ended, as
/// what its worker disappeared with: a database that is away for a moment is asked again for as long as there is a
/// lease. A process that stops asks once.
/// </summary>
internal static class HandBack
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <param name="left">Of the lease.</param>
    /// <returns>Null when it was handed back; otherwise why it stays leased to the lease's end.</returns>
    public static async Task<Exception?> TryAsync(
        Func<Task> handBackAsync, TimeSpan left, TimeProvider clock, CancellationToken stopping)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            try
            {
                await handBackAsync();
                return null;
            }
            catch (Exception e)
            {
                if (stopping.IsCancellationRequested || clock.GetElapsedTime(started) >= left)
                {
                    return e;
                }
            }

            await Task.Delay(Pause, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
