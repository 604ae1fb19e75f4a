using Payments.Testing;

namespace Payments.Ledger.Tests;

public sealed class SessionLockTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string Name = "tests";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_waits_for_its_turn_keeps_no_row_version_and_gets_it_in_the_end()
    {
        await using var first = await database.App.OpenConnectionAsync(Cancel);
        await using var second = await database.App.OpenConnectionAsync(Cancel);
        Task<SessionLock> waiting;
        await using (var held = await SessionLock.TryTakeAsync(first, Name, Cancel))
        {
            Assert.NotNull(held);
            waiting = SessionLock.TakeAsync(second, Name, TimeProvider.System, Cancel);
            await database.UntilAsync(
                """
                SELECT EXISTS (
                    SELECT
                    FROM pg_stat_activity
                    WHERE pid = @session AND query LIKE '%advisory_lock%' AND state = 'idle' AND backend_xmin IS NULL
                )
                """,
                new { session = second.ProcessID });
            Assert.False(waiting.IsCompleted);
        }

        await using var taken = await waiting;
        Assert.Null(await SessionLock.TryTakeAsync(first, Name, Cancel));
    }

    [Fact]
    public async Task Whoever_waits_for_its_turn_can_be_called_off()
    {
        await using var first = await database.App.OpenConnectionAsync(Cancel);
        await using var second = await database.App.OpenConnectionAsync(Cancel);
        await using var held = await SessionLock.TryTakeAsync(first, Name, Cancel);
        Assert.NotNull(held);
        using var off = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        var waiting = SessionLock.TakeAsync(second, Name, TimeProvider.System, off.Token);
        await off.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
