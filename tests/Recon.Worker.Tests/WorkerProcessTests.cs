using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Payments.Ledger.Migrations;
using Payments.Testing;

namespace Recon.Worker.Tests;

public sealed class WorkerProcessTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wake_up_reaches_a_worker_that_would_not_look_for_a_minute()
    {
        await using var worker = new WorkerProcess(database, ("Worker:PollSeconds", "60"));
        worker.CreateClient();
        var first = new QueuedPayment("ACC-WAKE", 100);
        var second = new QueuedPayment("ACC-WAKE", 200);

        await worker.PayAsync(first);
        await worker.WaitUntilSettledAsync(first);
        await worker.PayAsync(second);
        await worker.WaitUntilSettledAsync(second);
    }

    [Fact]
    public async Task A_payment_whose_wake_up_was_lost_is_found_by_the_poll()
    {
        await using var worker = new WorkerProcess(database, ("Worker:PollSeconds", "0.1"));
        worker.CreateClient();
        var payment = new QueuedPayment("ACC-POLL", 100);

        await database.QueueAsync(payment);

        await worker.WaitUntilSettledAsync(payment);
    }

    [Fact]
    public async Task A_worker_whose_connections_are_all_cut_goes_on_unaided()
    {
        await using var worker = new WorkerProcess(database, ("Worker:PollSeconds", "0.1"));
        worker.CreateClient();
        var before = new QueuedPayment("ACC-CUT", 100);
        await worker.PayAsync(before);
        await worker.WaitUntilSettledAsync(before);

        Assert.NotEmpty(await database.QueryAsync<bool>("""
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE 'Recon.Worker %'
            """));

        var after = new QueuedPayment("ACC-CUT", 200);
        await worker.PayAsync(after);
        await worker.WaitUntilSettledAsync(after);
        await Books.ShouldBeRightAsync(database);
    }

    [Fact]
    public async Task All_batches_of_a_worker_go_through_one_session_whatever_else_it_does()
    {
        await database.ExecuteAsync("""
            CREATE TABLE settling_sessions (pid integer);
            GRANT INSERT ON settling_sessions TO payments_app;
            CREATE FUNCTION note_session() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO settling_sessions VALUES (pg_backend_pid());
                RETURN NULL;
            END
            $$;
            CREATE TRIGGER note_session AFTER INSERT ON ledger_transactions EXECUTE FUNCTION note_session();
            """);
        await using var worker = new WorkerProcess(database, ("Worker:HeartbeatSeconds", "0.05"));
        worker.CreateClient();

        for (var amount = 1; amount <= 20; amount++)
        {
            var payment = new QueuedPayment("ACC-SESSION", amount);
            await worker.PayAsync(payment);
            await worker.WaitUntilSettledAsync(payment);
        }

        await database.ExecuteAsync("DROP TRIGGER note_session ON ledger_transactions");
        Assert.Equal(20, await database.ScalarAsync<long>("SELECT count(*) FROM settling_sessions"));
        Assert.Single(await database.QueryAsync<int>("SELECT DISTINCT pid FROM settling_sessions"));
    }

    [Theory]
    [InlineData("", 10)]
    [InlineData(";Maximum Pool Size=6", 6)]
    public async Task A_worker_s_pools_are_limited_and_the_connection_string_sets_the_queue_s(string setting, int most)
    {
        await using var worker = new WorkerProcess(
            database, ("ConnectionStrings:payments", database.AppConnectionString + setting));

        var queue = worker.Services.GetRequiredService<NpgsqlDataSource>();
        var settlement = worker.Services.GetRequiredKeyedService<NpgsqlDataSource>(Connections.Settlement);

        Assert.Equal((most, 4), (MostOf(queue), MostOf(settlement)));
    }

    [Fact]
    public async Task A_worker_that_stops_says_that_it_is_gone_and_holds_nothing()
    {
        await using (var worker = new WorkerProcess(database))
        {
            worker.CreateClient();
            var payment = new QueuedPayment("ACC-GONE", 100);
            await worker.PayAsync(payment);
            await worker.WaitUntilSettledAsync(payment);
        }

        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM workers"));
        Assert.Equal(0, await database.ScalarAsync<long>(
            "SELECT count(*) FROM recon_jobs WHERE status = 'processing'"));
    }

    [Fact]
    public async Task A_worker_is_healthy_while_its_loop_runs()
    {
        await using var worker = new WorkerProcess(database);

        using var answer = await worker.CreateClient().GetAsync(new Uri("/health", UriKind.Relative), Cancel);

        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task A_worker_is_unhealthy_until_its_schema_is_there()
    {
        await database.ExecuteAsync(
            "UPDATE schema_migrations SET number = 0 WHERE number = @Version", new { Migrator.Version });
        await using var worker = new WorkerProcess(database);
        var probe = new Uri("/health", UriKind.Relative);

        using var before = await worker.CreateClient().GetAsync(probe, Cancel);
        await database.ExecuteAsync(
            "UPDATE schema_migrations SET number = @Version WHERE number = 0", new { Migrator.Version });
        using var after = await worker.CreateClient().GetAsync(probe, Cancel);

        Assert.Contains(
            "\"schema\":\"unhealthy\"", await before.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal((503, 200), ((int)before.StatusCode, (int)after.StatusCode));
    }

    [Fact]
    public void A_bad_setting_keeps_the_worker_from_coming_up_and_is_named()
    {
        var refusal = WorkerProcess.Refusal(database, ("Worker:BatchSize", "0"));

        Assert.Contains("BatchSize", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sampled_payment_gets_its_queue_wait_and_settlement_in_its_own_trace_linked_to_the_batch()
    {
        using var spans = new Spans();
        await using var worker = new WorkerProcess(database, ("Telemetry:TraceRatio", "1"));
        worker.CreateClient();
        var trace = ActivityTraceId.CreateRandom();
        var payment = new QueuedPayment("ACC-TRACE", 100)
        {
            Traceparent = $"00-{trace}-{ActivitySpanId.CreateRandom()}-01",
        };

        await worker.PayAsync(payment);
        await worker.WaitUntilSettledAsync(payment);
        var settle = await spans.WaitForAsync(span => span.OperationName == "settle" && span.TraceId == trace);

        var wait = await spans.WaitForAsync(span => span.OperationName == "queue wait" && span.TraceId == trace);
        var batchTrace = settle.Links.Single().Context.TraceId;
        var batch = await spans.WaitForAsync(
            span => span.OperationName == "settle batch" && span.TraceId == batchTrace);
        var claim = await spans.WaitForAsync(
            span => span.OperationName == "claim (SKIP LOCKED)" && span.ParentSpanId == batch.SpanId);
        Assert.Equal(payment.Id, settle.GetTagItem("payment.id"));
        Assert.Equal("completed", settle.GetTagItem("payment.status"));
        Assert.True(wait.StartTimeUtc + wait.Duration <= settle.StartTimeUtc + settle.Duration);
        Assert.Equal("SELECT FOR UPDATE SKIP LOCKED", claim.GetTagItem("db.operation.name"));
        Assert.Equal(1, claim.GetTagItem("recon.batch.size"));
    }

    [Fact]
    public async Task A_sampled_refund_gets_its_queue_wait_and_settlement_in_the_trace_of_its_own_request()
    {
        using var spans = new Spans();
        await using var worker = new TestWorker(database);
        var payment = new QueuedPayment("ACC-TRACE-BACK", 100);
        await database.QueueAsync(payment);
        await worker.SettleAllAsync(Cancel);
        var trace = ActivityTraceId.CreateRandom();
        var refund = new QueuedRefund(payment, 40)
        {
            Traceparent = $"00-{trace}-{ActivitySpanId.CreateRandom()}-01",
        };
        await database.QueueAsync(refund);

        await worker.SettleAllAsync(Cancel);

        var settle = await spans.WaitForAsync(span => span.OperationName == "settle" && span.TraceId == trace);
        await spans.WaitForAsync(span => span.OperationName == "queue wait" && span.TraceId == trace);
        Assert.Equal((refund.Id, payment.Id), (settle.GetTagItem("refund.id"), settle.GetTagItem("payment.id")));
        Assert.Equal("succeeded", settle.GetTagItem("refund.status"));
        Assert.Single(settle.Links);
    }

    [Fact]
    public async Task A_sampled_payment_that_fails_alone_has_its_failure_in_the_trace_of_its_own_request()
    {
        using var spans = new Spans();
        await using var worker = new TestWorker(database, options => options.FailureLimit = 1);
        var trace = ActivityTraceId.CreateRandom();
        var payment = new QueuedPayment("ACC-TRACE-FAILED", 100)
        {
            Traceparent = $"00-{trace}-{ActivitySpanId.CreateRandom()}-01",
        };
        await database.QueueAsync(payment);
        await database.ExecuteAsync("DELETE FROM payments WHERE id = @Id", payment);

        await worker.SettleAllAsync(Cancel);

        var settle = await spans.WaitForAsync(span => span.OperationName == "settle" && span.TraceId == trace);
        Assert.Equal((ActivityStatusCode.Error, payment.Id), (settle.Status, settle.GetTagItem("payment.id")));
        Assert.Equal("exception", Assert.Single(settle.Events).Name);
    }

    [Fact]
    public async Task Looking_at_an_empty_queue_makes_no_span()
    {
        await using var worker = new TestWorker(database);
        await worker.SettleAllAsync(Cancel);

        var idle = await SpansOfAsync(() => worker.SettleAllAsync(Cancel));
        await database.QueueAsync(new QueuedPayment("ACC-BUSY", 100));
        var busy = await SpansOfAsync(() => worker.SettleAllAsync(Cancel));

        Assert.Empty(idle);
        Assert.Equal(["claim (SKIP LOCKED)", "settle batch", "settlement"], busy.Order(StringComparer.Ordinal));
    }

    private static int MostOf(NpgsqlDataSource pool) =>
        new NpgsqlConnectionStringBuilder(pool.ConnectionString).MaxPoolSize;

    /// <summary>
    /// The names of the spans that the worker's source makes in this work, whatever other tests do meanwhile.
    /// </summary>
    private static async Task<IReadOnlyCollection<string>> SpansOfAsync(Func<Task> work)
    {
        var isOurs = new AsyncLocal<bool> { Value = true };
        var names = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == WorkerTelemetry.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = span =>
            {
                if (isOurs.Value)
                {
                    names.Enqueue(span.OperationName);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);

        await work();

        return names;
    }

    /// <summary>Everything that the worker's source says in this process, sampled.</summary>
    private sealed class Spans : IDisposable
    {
        private readonly ActivityListener _listener;
        private readonly ConcurrentQueue<Activity> _seen = [];
        private readonly SemaphoreSlim _arrived = new(0);

        public Spans()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == WorkerTelemetry.SourceName,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = span =>
                {
                    _seen.Enqueue(span);
                    _arrived.Release();
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public async Task<Activity> WaitForAsync(Func<Activity, bool> wanted)
        {
            while (true)
            {
                if (_seen.FirstOrDefault(wanted) is { } span)
                {
                    return span;
                }

                Assert.True(await _arrived.WaitAsync(TimeSpan.FromMinutes(1), Cancel), "The span never came.");
            }
        }

        public void Dispose()
        {
            _listener.Dispose();
            _arrived.Dispose();
        }
    }
}
