using Payments.Bench.Running;

namespace Payments.Bench.Product;

/// <summary>Stops programs where they are, so that they take nothing from what is measured meanwhile.</summary>
internal static class FrozenServices
{
    private const int Looks = 4;

    private static readonly TimeSpan LookDelay = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Freezes all of them at a moment when none is being sent anything: a session of the server that waits for its
    /// client to take its rows hears nothing else, and whoever makes or drops a database waits for all sessions. A
    /// vacuum that is under way sends nobody anything. A worker that sweeps its books is sent rows for seconds: it goes
    /// on at its own pace until there is such a moment.
    /// </summary>
    public static async Task FreezeAsync(
        this BenchDatabase database, IReadOnlyList<ServiceProcess> services, CancellationToken cancel)
    {
        while (true)
        {
            while (!await database.IsQuietAsync(cancel))
            {
                await Task.Delay(LookDelay, cancel);
            }

            foreach (var service in services)
            {
                service.Freeze();
            }

            for (var look = 0; look < Looks; look++)
            {
                if (await database.IsQuietAsync(cancel))
                {
                    return;
                }

                await Task.Delay(LookDelay, cancel);
            }

            foreach (var service in services)
            {
                service.Thaw();
            }
        }
    }

    private static Task<bool> IsQuietAsync(this BenchDatabase database, CancellationToken cancel) =>
        database.ScalarAsync<bool>(IsQuietSql, cancel);

    private const string IsQuietSql = """
        SELECT NOT EXISTS (
            SELECT
            FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'
                AND backend_type = 'client backend'
        )
        """;
}
