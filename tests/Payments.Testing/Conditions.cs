using Xunit;

namespace Payments.Testing;

/// <summary>Waits for what other processes write, of which no notification tells.</summary>
public static class Conditions
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>True while a session of this database holds an advisory lock.</summary>
    public const string AdvisoryLockIsHeld = """
        SELECT EXISTS (
            SELECT
            FROM pg_locks
            JOIN pg_database ON pg_database.oid = pg_locks.database
            WHERE locktype = 'advisory' AND granted AND datname = current_database()
        )
        """;

    /// <summary>True while a session of this database waits for a lock.</summary>
    public const string LockIsWaitedFor = """
        SELECT EXISTS (
            SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
        )
        """;

    /// <summary>Asks until the query answers true; fails after a minute.</summary>
    public static async Task UntilAsync(this TestDatabase database, string query, object? parameters = null)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (!await database.ScalarAsync<bool>(query, parameters))
        {
            Assert.True(clock.GetElapsedTime(started) < Patience, $"Not so after a minute: {query}");
            await Task.Delay(Pause, clock);
        }
    }
}
