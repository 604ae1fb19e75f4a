using Microsoft.Extensions.Logging.Abstractions;
using Payments.Testing;
using Recon.Worker.Idempotency;

namespace Recon.Worker.Tests.Idempotency;

public sealed class ForgetKeysTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_are_forgotten_when_they_are_old_enough_and_not_before()
    {
        await database.ExecuteAsync("""
            INSERT INTO idempotency_keys (owner_id, route, key, fingerprint, status, body, created_at)
            SELECT 1, 'POST /', 'old-' || i, '\x00'::bytea, 200, ''::bytea,
                now() - interval '30 hours' - i * interval '1 second'
            FROM generate_series(1, 2500) AS i
            UNION ALL
            SELECT 1, 'POST /', 'young', '\x00', 200, '', now() - interval '29 hours'
            """);
        using var forget = new ForgetKeys(
            database.App, new KeyRetention { KeepHours = 30 }, TimeProvider.System, NullLogger<ForgetKeys>.Instance);

        Assert.Equal(2500, await forget.RunOnceAsync(Cancel));
        Assert.Equal(0, await forget.RunOnceAsync(Cancel));

        Assert.Equal(["young"], await database.QueryAsync<string>("SELECT key FROM idempotency_keys"));
    }

    [Fact]
    public void Less_than_a_day_is_no_time_to_keep_a_key()
    {
        var refusal = WorkerProcess.Refusal(database, ("Idempotency:KeepHours", "23"));

        Assert.Contains("KeepHours", refusal.Message, StringComparison.Ordinal);
    }
}
