namespace Payments.Api.Tests.Queue;

public sealed class QueueStatsTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task Each_job_is_counted_by_what_may_happen_to_it_next()
    {
        await fixture.Database.QueueAsync([.. Enumerable.Range(1, 10).Select(i => new QueuedPayment("ACC-STATS", i))]);
        var dead = new QueuedPayment("ACC-DEAD", 1);
        await fixture.Database.QueueAsync(new QueuedPayment("ACC-STUCK", 1), dead);
        await fixture.Database.ExecuteAsync("""
            UPDATE recon_jobs SET available_at = now() - interval '90 seconds' WHERE amount = 10;
            UPDATE recon_jobs SET status = 'processing', available_at = now() + interval '1 hour' WHERE amount = 1;
            UPDATE recon_jobs SET status = 'processing', available_at = now() - interval '1 second' WHERE amount = 2;
            UPDATE recon_jobs SET status = 'pending', available_at = now() + interval '1 hour', failures = 2,
                last_error = 'no room' WHERE payee_account = 'ACC-STUCK';
            UPDATE recon_jobs SET status = 'completed', finished_at = now() WHERE amount = 9;
            INSERT INTO workers (id, seen_at, settled_last_minute)
            VALUES ('alive', now(), 90), ('gone', now() - interval '1 minute', 5000)
            """);
        await fixture.Database.BuryAsync("given up", dead.Id);

        var stats = await fixture.Client.GetJsonAsync("/api/v1/queue/stats");

        Assert.Equal(
            (8, 1, 1, 1),
            (Number(stats, "depth"), Number(stats, "inFlight"), Number(stats, "delayed"), Number(stats, "dead")));
        Assert.InRange(stats.GetProperty("oldestReadyAgeSeconds").GetDouble(), 90, 200);
        Assert.Equal(
            """{"settledLastMinute":90,"perSecond":1.5}""", stats.GetProperty("throughput").GetRawText());
        var blocked = stats.GetProperty("blockedAccounts");
        Assert.Equal(2, Number(blocked, "count"));
        Assert.Equal(
            ["ACC-STUCK USD 1 0 no room", "ACC-DEAD USD 0 1 given up"],
            blocked.GetProperty("accounts").EnumerateArray().Select(account =>
                $"{account.GetProperty("accountId")} {account.GetProperty("currency")} {Number(account, "delayed")} "
                + $"{Number(account, "dead")} {account.GetProperty("lastError")}"));
        Assert.Equal(
            ["gone silent", "alive running"],
            stats.GetProperty("workers").EnumerateArray()
                .OrderByDescending(worker => worker.GetProperty("id").GetString(), StringComparer.Ordinal)
                .Select(worker => $"{worker.GetProperty("id")} {worker.GetProperty("state")}"));
    }

    [Fact]
    public async Task An_empty_queue_has_no_oldest_job()
    {
        await using var system = new ApiFixture();
        await system.InitializeAsync();

        var stats = await system.Client.GetJsonAsync("/api/v1/queue/stats");

        Assert.Equal((0, JsonValueKind.Null),
            (Number(stats, "depth"), stats.GetProperty("oldestReadyAgeSeconds").ValueKind));
        Assert.Equal("[]", stats.GetProperty("workers").GetRawText());
        Assert.Equal(
            """{"paused":false,"pausedAt":null,"pausedBy":null,"reason":null}""",
            stats.GetProperty("pause").GetRawText());
    }

    [Fact]
    public async Task A_settled_payment_is_answered_in_full_after_its_job_is_gone()
    {
        var id = await fixture.Client.PayAsync("ACC-CLEARED", 12.13m);
        await Settlement.CompleteAsync(fixture.Database, id, discrepancy: 13);
        var before = await fixture.Client.GetJsonAsync($"/payments/{id}");

        await fixture.Database.ExecuteAsync("DELETE FROM recon_jobs WHERE id = @id", new { id });
        var after = await fixture.Client.GetJsonAsync($"/payments/{id}");

        Assert.Equal(JsonValueKind.Null, after.GetProperty("job").ValueKind);
        Assert.Equal(
            before.GetRawText().Replace(before.GetProperty("job").GetRawText(), "null", StringComparison.Ordinal),
            after.GetRawText());
        Assert.Equal(2, after.GetProperty("ledgerEntries").GetArrayLength());
    }

    private static long Number(JsonElement json, string name) => json.GetProperty(name).GetInt64();
}
