using Npgsql;
using Payments.Testing;
using Recon.Worker.Retention;
using Recon.Worker.Tests.Duties;

namespace Recon.Worker.Tests.Retention;

public sealed class RemoveFinishedWebhooksTests : IAsyncLifetime
{
    private readonly TestDatabase _database = new();

    private TestDuties _worker = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        _worker = new TestDuties(_database);
        await _database.ExecuteAsync("""
            INSERT INTO webhook_targets (id, url, created_at, updated_at, created_by)
            SELECT gen_random_uuid(), 'https://example.com/' || i, now(), now(), 'tests'
            FROM generate_series(1, 2) AS i
            """);
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task What_arrived_a_month_ago_goes_what_did_not_two_months_later_and_what_is_pending_never()
    {
        foreach (var days in new[] { 100, 40, 20 })
        {
            foreach (var status in new[] { "delivered", "failed", "cancelled", "pending" })
            {
                await AddAsync(days, status, status);
            }
        }

        await AddAsync(40, "delivered", "failed");
        await AddAsync(40);
        await AddAsync(20);

        // Deliveries and events: three of each that are old enough, those delivered at 40 days, that of the mixed pair.
        Assert.Equal(3 * 3 + 3 + 1 + 1, await Remove().RunOnceAsync(Cancel));

        Assert.Equal(
            [
                "100 pending pending", "20 ", "20 cancelled cancelled", "20 delivered delivered", "20 failed failed",
                "20 pending pending", "40 cancelled cancelled", "40 failed", "40 failed failed", "40 pending pending",
            ],
            await KeptAsync());
        Assert.Equal(
            await _database.ScalarAsync<long>("SELECT count(*) FROM webhook_deliveries"),
            await _database.ScalarAsync<long>("SELECT count(*) FROM webhook_attempts"));
        Assert.Equal(0, await Remove().RunOnceAsync(Cancel));
    }

    [Fact]
    public async Task A_round_walks_over_what_stays_and_clears_all_that_is_behind_it()
    {
        for (var i = 0; i < 10; i++)
        {
            await AddAsync(100, i % 4 == 0 ? "pending" : "delivered");
        }

        Assert.Equal(14, await Remove().RunOnceAsync(Cancel));

        Assert.Equal(["100 pending", "100 pending", "100 pending"], await KeptAsync());
    }

    [Fact]
    public async Task A_delivery_that_is_being_replayed_is_not_waited_for_and_stays()
    {
        await AddAsync(100, "failed");
        await AddAsync(100, "failed");
        await using var operating = await _database.App.OpenConnectionAsync(Cancel);
        await using var replay = await operating.BeginTransactionAsync(Cancel);
        await using (var begin = new NpgsqlCommand(
            """
            UPDATE webhook_deliveries
            SET status = 'pending', finished_at = NULL, round = 2
            WHERE number = (SELECT min(number) FROM webhook_deliveries)
            """, operating))
        {
            await begin.ExecuteNonQueryAsync(Cancel);
        }

        Assert.Equal(2, await Remove().RunOnceAsync(Cancel));
        await replay.CommitAsync(Cancel);

        Assert.Equal(0, await Remove().RunOnceAsync(Cancel));
        Assert.Equal(["100 pending"], await KeptAsync());
    }

    [Fact]
    public async Task The_services_can_delete_from_the_outbox_in_no_other_way()
    {
        foreach (var table in new[] { "webhook_events", "webhook_deliveries", "webhook_attempts" })
        {
            await using var delete = _database.App.CreateCommand("DELETE FROM " + table);
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => delete.ExecuteNonQueryAsync(Cancel));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
        }
    }

    [Fact]
    public async Task A_worker_clears_webhooks_on_its_own()
    {
        await AddAsync(100, "delivered");

        await using var worker = new WorkerProcess(_database, ("Retention:IntervalSeconds", "0.05"));
        worker.CreateClient().Dispose();

        await _database.UntilAsync("SELECT count(*) = 0 FROM webhook_events");
    }

    [Fact]
    public void What_did_not_arrive_is_not_kept_for_less_time_than_what_did()
    {
        var refusal = WorkerProcess.Refusal(_database, ("Retention:UndeliveredWebhookHours", "719"));

        Assert.Contains("Retention:UndeliveredWebhookHours", refusal.Message, StringComparison.Ordinal);
    }

    private RemoveFinishedWebhooks Remove() => new(
        _worker.Sessions, new RetentionOptions { BatchSize = 3, RestMilliseconds = 0 }, TimeProvider.System);

    /// <summary>An event of that age, with a delivery to one target after the other, each with one attempt.</summary>
    private async Task AddAsync(int days, params string[] statuses)
    {
        var at = TimeProvider.System.GetUtcNow().AddDays(-days);
        await _database.ExecuteAsync(
            """
            WITH event AS (
                INSERT INTO webhook_events (id, created_at, type, payload)
                VALUES (@id, @at, 'tests.happened', '{}')
                RETURNING id
            ), delivery AS (
                INSERT INTO webhook_deliveries (id, created_at, round_started_at, finished_at, target_id, event_id,
                    status)
                SELECT gen_random_uuid(), @at, @at, CASE WHEN one.status <> 'pending' THEN @at END, target.id,
                    event.id, one.status
                FROM event
                CROSS JOIN unnest(@statuses) WITH ORDINALITY AS one (status, place)
                JOIN webhook_targets AS target ON target.url = 'https://example.com/' || one.place
                RETURNING id
            )
            INSERT INTO webhook_attempts (delivery_id, number, started_at, milliseconds)
            SELECT delivery.id, 1, @at, 5
            FROM delivery
            """,
            new { id = $"msg_{Guid.CreateVersion7(at):N}", at, statuses });
    }

    /// <summary>Each event with its age in days and its deliveries.</summary>
    private Task<IReadOnlyList<string>> KeptAsync() => _database.QueryAsync<string>("""
        SELECT concat(age.days, ' ', sent.statuses)
        FROM webhook_events AS e
        CROSS JOIN LATERAL (SELECT round(extract(epoch FROM now() - e.created_at) / 86400)::int AS days) AS age
        CROSS JOIN LATERAL (
            SELECT string_agg(d.status, ' ' ORDER BY d.number) AS statuses
            FROM webhook_deliveries AS d
            WHERE d.event_id = e.id
        ) AS sent
        ORDER BY concat(age.days, ' ', sent.statuses) COLLATE "C"
        """);
}
