using System.Runtime.CompilerServices;
using Xunit;

namespace Payments.Testing;

/// <summary>Waits for what other sessions and processes do, of which no notification tells.</summary>
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

    /// <summary>
    /// True while a session of this database has asked for an advisory lock, and rests before it asks again: one that
    /// was given it does something else at once.
    /// </summary>
    public const string AdvisoryLockIsWaitedFor = """
        SELECT EXISTS (
            SELECT
            FROM pg_stat_activity
            WHERE datname = current_database() AND state = 'idle' AND query LIKE '%pg_try_advisory_lock%'
                AND state_change < clock_timestamp() - interval '100 milliseconds'
        )
        """;

    /// <summary>True while a session of this database waits for a lock.</summary>
    public const string LockIsWaitedFor = """
        SELECT EXISTS (
            SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
        )
        """;

    /// <summary>Asks until the query answers true; fails after a minute.</summary>
    public static Task UntilAsync(this TestDatabase database, string query, object? parameters = null) =>
        UntilAsync(() => database.ScalarAsync<bool>(query, parameters), query);

    /// <summary>Asks until it is so; fails after a minute.</summary>
    public static Task UntilAsync(
        Func<Task<bool>> isSo, [CallerArgumentExpression(nameof(isSo))] string condition = "") =>
        FirstAsync(isSo, answer => answer, condition);

    /// <summary>Looks until it is so; fails after a minute.</summary>
    public static Task UntilAsync(
        Func<bool> isSo, [CallerArgumentExpression(nameof(isSo))] string condition = "") =>
        UntilAsync(() => Task.FromResult(isSo()), condition);

    /// <summary>The first answer that is wanted; fails when none comes for a minute.</summary>
    public static async Task<T> FirstAsync<T>(
        Func<Task<T>> look,
        Predicate<T> isWanted,
        [CallerArgumentExpression(nameof(isWanted))] string condition = "")
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (true)
        {
            var answer = await look();
            if (isWanted(answer))
            {
                return answer;
            }

            Assert.True(
                clock.GetElapsedTime(started) < Patience, $"Not so after a minute: {condition}; the last was {answer}");
            await Task.Delay(Pause, clock);
        }
    }
}
