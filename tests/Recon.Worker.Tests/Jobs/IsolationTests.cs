using Npgsql;
using Payments.Testing;

namespace Recon.Worker.Tests.Jobs;

/// <summary>
/// One payment that cannot be settled is confined and charged; what hits everyone is charged to nobody.
/// </summary>
public sealed class IsolationTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_poison_payment_is_found_by_splitting_and_its_neighbours_settle()
    {
        var poison = await QueuePoisonAsync("POISON-A");
        var neighbours = Enumerable.Range(1, 40).Select(i => new QueuedPayment($"ACC-{i % 5}", i)).ToArray();
        await database.QueueAsync(neighbours);
        await using var worker = new TestWorker(database, options => options.RetryDelaySeconds = 600);

        await worker.SettleAllAsync(Cancel);

        Assert.Equal(40, await CountAsync("status = 'completed' AND failures = 0", neighbours));
        Assert.Equal(1, await CountAsync("status = 'pending' AND failures = 1 AND last_error IS NOT NULL", poison));
    }

    // Postgres counts to the year 294276.
    [Fact]
    public async Task An_account_whose_time_cannot_be_read_confines_its_payments_alone()
    {
        await database.ExecuteAsync(
            "INSERT INTO accounts (name, currency, last_entry_at) VALUES ('ACC-AGES', 'USD', '200000-01-01')");
        var damaged = new QueuedPayment("ACC-AGES", 100);
        var neighbour = new QueuedPayment("ACC-TODAY", 100);
        await database.QueueAsync(damaged, neighbour);
        await using var worker = new TestWorker(database, options => options.RetryDelaySeconds = 600);

        await worker.SettleAllAsync(Cancel);

        Assert.Equal(1, await CountAsync("status = 'completed'", neighbour));
        Assert.Equal(1, await CountAsync("status = 'pending' AND failures = 1 AND last_error IS NOT NULL", damaged));
    }

    [Theory]
    [InlineData("200000-01-01")]
    [InlineData("4000-01-01 BC")]
    [InlineData("infinity")]
    [InlineData("-infinity")]
    public async Task A_job_whose_time_cannot_be_read_is_settled_with_all_that_are_claimed_with_it(string time)
    {
        QueuedPayment[] payments = [new("ACC-OF-ALL-TIMES", 1), new("ACC-OF-TODAY", 1)];
        await database.QueueAsync(payments);
        await database.ExecuteAsync(
            "UPDATE recon_jobs SET created_at = @time::timestamptz WHERE id = @Id", new { time, payments[0].Id });
        await using var worker = new TestWorker(database);

        await worker.SettleAllAsync(Cancel);

        Assert.Equal(2, await CountAsync("status = 'completed' AND failures = 0", payments));
    }

    [Fact]
    public async Task A_payment_that_keeps_failing_alone_goes_to_the_dead_letters_with_its_last_error()
    {
        var poison = await QueuePoisonAsync("POISON-B");
        await using var worker = new TestWorker(database, options =>
        {
            options.FailureLimit = 3;
            options.RetryDelaySeconds = 0.001;
            options.RetryDelayMaxSeconds = 0.001;
        });

        await Conditions.UntilAsync(async () =>
        {
            await worker.Pass.RunOnceAsync(CancellationToken.None, Cancel);
            return await CountAsync("finished_at IS NULL", poison) == 0;
        });

        Assert.Equal(1, await CountAsync("status = 'dead' AND failures = 3 AND last_error LIKE '%overflow%'", poison));
        Assert.Equal("pending", await database.ScalarAsync<string>(
            "SELECT status FROM payments WHERE id = @Id", poison));
    }

    [Fact]
    public async Task A_job_whose_payment_is_gone_becomes_a_dead_letter_and_not_a_posting()
    {
        var orphan = new QueuedPayment("ACC-ORPHAN", 100);
        await database.QueueAsync(orphan, new QueuedPayment("ACC-ORPHAN", 200));
        await database.ExecuteAsync("DELETE FROM payments WHERE id = @Id", orphan);
        await using var worker = new TestWorker(database, options => options.FailureLimit = 1);

        await worker.SettleAllAsync(Cancel);

        Assert.Equal(1, await CountAsync("status = 'dead'", orphan));
        Assert.Equal(200, await database.ScalarAsync<long>("SELECT balance FROM accounts WHERE name = 'ACC-ORPHAN'"));
    }

    [Theory]
    [InlineData("currency = 'XQQ'")]
    [InlineData("kind = 'refund', amount = 0")]
    public async Task A_job_that_this_worker_cannot_read_fails_alone_and_stops_nobody(string change)
    {
        var unreadable = new QueuedPayment("ACC-UNREADABLE", 100);
        var neighbours = Enumerable.Range(1, 8).Select(i => new QueuedPayment("ACC-READABLE", i)).ToArray();
        await database.QueueAsync([unreadable, .. neighbours]);
        await database.ExecuteAsync($"UPDATE recon_jobs SET {change} WHERE id = @Id", unreadable);
        await using var worker = new TestWorker(database, options => options.FailureLimit = 1);

        await worker.SettleAllAsync(Cancel);

        Assert.Equal(8, await CountAsync("status = 'completed' AND failures = 0", neighbours));
        Assert.Equal(1, await CountAsync("status = 'dead' AND last_error IS NOT NULL", unreadable));
    }

    [Fact]
    public async Task A_job_that_ran_alone_is_handed_back_uncharged_as_soon_as_the_database_takes_it()
    {
        var payment = new QueuedPayment("ACC-RETURN", 100);
        await database.QueueAsync(payment);
        await using var worker = new TestWorker(database);
        await worker.ClaimAllAsync(Cancel);
        await database.EndLeasesAsync();
        var claim = await worker.ClaimAllAsync(Cancel);
        await database.ExecuteAsync(RefuseReturnsSql);
        await database.ExecuteAsync("REVOKE INSERT ON ledger_entries FROM payments_app");

        var settling = worker.Jobs.ExecuteAsync(claim, CancellationToken.None, Cancel);
        await database.UntilAsync("SELECT is_called FROM refused_returns", Cancel);
        await database.ExecuteAsync("DROP TRIGGER refuse_returns ON recon_jobs");
        await Assert.ThrowsAsync<PostgresException>(() => settling);

        Assert.Equal(1, await CountAsync("status = 'pending' AND failures = 0 AND NOT runs_alone", payment));
        await database.ExecuteAsync("GRANT INSERT ON ledger_entries TO payments_app");
        await worker.SettleAllAsync(Cancel);
        Assert.Equal(1, await CountAsync("status = 'completed'", payment));
    }

    [Fact]
    public async Task A_database_in_trouble_counts_against_no_payment()
    {
        var payment = new QueuedPayment("ACC-TROUBLE", 100);
        await database.QueueAsync(payment);
        await using var worker = new TestWorker(database);
        await database.ExecuteAsync("REVOKE INSERT ON ledger_entries FROM payments_app");

        await Assert.ThrowsAsync<PostgresException>(() => worker.Pass.RunOnceAsync(CancellationToken.None, Cancel));

        Assert.Equal(1, await CountAsync(
            "status = 'pending' AND failures = 0 AND available_at <= clock_timestamp()", payment));
        await database.ExecuteAsync("GRANT INSERT ON ledger_entries TO payments_app");
        await worker.SettleAllAsync(Cancel);
        Assert.Equal(1, await CountAsync("status = 'completed'", payment));
    }

    [Fact]
    public async Task A_batch_whose_worker_died_counts_against_none_of_it_and_runs_one_by_one()
    {
        var payments = Enumerable.Range(1, 5).Select(i => new QueuedPayment("ACC-CRASH", i)).ToArray();
        await database.QueueAsync(payments);
        await using (var dead = new TestWorker(database))
        {
            await dead.ClaimAllAsync(Cancel);
        }

        await database.EndLeasesAsync();
        await using var successor = new TestWorker(database);
        var claim = await successor.ClaimAllAsync(Cancel);

        Assert.All(claim.Jobs, job => Assert.Equal((true, (short)0), (job.Suspect, job.Failures)));
        Assert.Equal(5, await successor.Jobs.ExecuteAsync(claim, CancellationToken.None, Cancel));
        Assert.Equal(5, await CountAsync("status = 'completed' AND failures = 0", payments));
    }

    [Fact]
    public async Task A_job_that_kills_its_worker_each_time_it_runs_alone_is_buried_without_running_again()
    {
        var killer = new QueuedPayment("ACC-KILLER", 100);
        await database.QueueAsync(killer);
        await using var worker = new TestWorker(database, options => options.FailureLimit = 2);
        await worker.ClaimAllAsync(Cancel);
        for (var death = 1; death <= 2; death++)
        {
            await database.EndLeasesAsync();
            var claim = await worker.ClaimAllAsync(Cancel);
            Assert.Equal(death - 1, claim.Jobs.Single().Failures);
            Assert.True(await worker.Held.RunAloneAsync(claim.Lease, claim.Jobs.Single(), Cancel));
        }

        await database.EndLeasesAsync();
        await worker.SettleAllAsync(Cancel);

        Assert.Equal(1, await CountAsync(
            "status = 'dead' AND failures = 2 AND last_error LIKE '%worker died%'", killer));
        Assert.Equal(0, await database.ScalarAsync<long>(
            "SELECT count(*) FROM ledger_transactions WHERE id = @Id", killer));
    }

    [Fact]
    public async Task A_worker_that_is_told_to_stop_hands_its_jobs_back_uncharged()
    {
        var payment = new QueuedPayment("ACC-STOP", 100);
        await database.QueueAsync(payment);
        await using var worker = new TestWorker(database);
        var claim = await worker.ClaimAllAsync(Cancel);

        Assert.Equal(0, await worker.Jobs.ExecuteAsync(claim, stopping: new CancellationToken(canceled: true), Cancel));

        Assert.Equal(1, await CountAsync(
            "status = 'pending' AND failures = 0 AND locked_by IS NULL AND available_at <= clock_timestamp()",
            payment));
        await worker.SettleAllAsync(Cancel);
    }

    // An account whose balance has no room left: no posting into it can succeed.
    private async Task<QueuedPayment> QueuePoisonAsync(string account)
    {
        await database.ExecuteAsync(
            "INSERT INTO accounts (name, currency, balance) VALUES (@account, 'USD', 9223372036854775807)",
            new { account });
        var poison = new QueuedPayment(account, 1);
        await database.QueueAsync(poison);
        return poison;
    }

    // As a server that is shutting down refuses them. A sequence counts what is rolled back as well.
    private const string RefuseReturnsSql = """
        CREATE SEQUENCE refused_returns;
        GRANT USAGE ON SEQUENCE refused_returns TO payments_app;
        CREATE FUNCTION refuse_returns() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM nextval('refused_returns');
            RAISE EXCEPTION 'shutting down' USING ERRCODE = 'admin_shutdown';
        END $$;
        CREATE TRIGGER refuse_returns BEFORE UPDATE ON recon_jobs
            FOR EACH ROW WHEN (NEW.status = 'pending') EXECUTE FUNCTION refuse_returns();
        """;

    private Task<long> CountAsync(string condition, params QueuedPayment[] payments) => database.ScalarAsync<long>(
        $"SELECT count(*) FROM recon_jobs WHERE id = ANY (@ids) AND {condition}",
        new { ids = payments.Select(p => p.Id).ToArray() });
}
