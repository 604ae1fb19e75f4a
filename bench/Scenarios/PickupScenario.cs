using Dapper;
using Payments.Bench.Load;
using Payments.Bench.Measuring;
using Payments.Bench.Product;
using Payments.Bench.Running;

namespace Payments.Bench.Scenarios;

/// <summary>
/// How soon idle workers take up a single payment, and what idling costs. Pickup is the time from the job's insertion
/// to its claim, settled the one to the commit of its settlement; all by the database's clock.
/// </summary>
internal sealed class PickupScenario : Scenario
{
    private const string Product = "product";
    private const string P50 = "pickup p50 ms";
    private const string P99 = "pickup p99 ms";
    private const string IdleWorker = "idle worker, % of a core";
    private const string IdleApi = "idle API, % of a core";
    private const int ShortestGapMilliseconds = 20;
    private const int LongestGapMilliseconds = 120;

    // The largest number that keys have room for.
    private const long MostRequests = 9_999_999_999;

    private static readonly TimeSpan ShortestIdling = TimeSpan.FromSeconds(3);

    public override string Name => "pickup";

    public override int WindowsPerRound => 2;

    public override TimeSpan OverheadPerRound => TimeSpan.FromSeconds(6);

    public override async Task RunAsync(BenchContext context, CancellationToken cancel)
    {
        var product = await context.WarmSystemAsync(cancel);
        var result = await context.CompareAsync(
            "Single payments with idle workers",
            [new Side(Product, token => product.MeasureAsync(
                (system, run) => MeasureAsync(context, system, run, token), token), product.CheckBooksAsync)],
            cancel);
        context.Report.Targets.AddRange([
            Target.AtMost(result, Product, P50, 5),
            Target.AtMost(result, Product, P99, 25),
            Target.AtMost(result, Product, IdleWorker, 1),
            Target.AtMost(result, Product, IdleApi, 1),
        ]);
    }

    private static async Task<IEnumerable<(string Name, double Value)>> MeasureAsync(
        BenchContext context, ProductSystem system, int run, CancellationToken cancel)
    {
        const int Warming = 50;
        var requests = new CreateRequests(FormattableString.Invariant($"single-{run}"), BenchOptions.Accounts);
        using var connection = new HttpConnection(system.Api.EndPoint, requests.MostBytes);
        await connection.ConnectAsync(cancel);
        for (var number = 0; number < Warming; number++)
        {
            await PayAsync(connection, requests, number, cancel);
        }

        await Task.Delay(BenchContext.WarmUp, cancel);
        var idle = await IdleAsync(system, context.Window, cancel);
        await PayNowAndThenAsync(connection, requests, Warming, context.Window, cancel);
        await system.WaitUntilSettledAsync(cancel);
        return [.. await ReadAsync(system.Database, requests, Warming, cancel), .. idle];
    }

    private static async Task<IEnumerable<(string Name, double Value)>> IdleAsync(
        ProductSystem system, TimeSpan window, CancellationToken cancel)
    {
        var length = window > ShortestIdling ? window : ShortestIdling;
        var before = system.Roles.Select(role => ProcessorTime.Of(role.Process.Id)).ToList();
        await Task.Delay(length, cancel);
        var shares = system.Roles
            .Select((role, i) => (role.Role, Share: (ProcessorTime.Of(role.Process.Id) - before[i]) / length * 100))
            .ToLookup(role => role.Role, role => role.Share, StringComparer.Ordinal);
        return [(IdleWorker, shares["worker"].Average()), (IdleApi, shares["api"].Single())];
    }

    private static async Task PayNowAndThenAsync(
        HttpConnection connection, CreateRequests requests, int number, TimeSpan window, CancellationToken cancel)
    {
        var clock = TimeProvider.System;
        var random = new Random(number);
        var started = clock.GetTimestamp();
        while (clock.GetElapsedTime(started) < window)
        {
            await Task.Delay(random.Next(ShortestGapMilliseconds, LongestGapMilliseconds), cancel);
            await PayAsync(connection, requests, number++, cancel);
        }
    }

    private static async Task PayAsync(
        HttpConnection connection, CreateRequests requests, int number, CancellationToken cancel)
    {
        var length = requests.Write(number, connection.Request.Span);
        if (await connection.ExchangeAsync(length, cancel) is var status && status != requests.ExpectedStatus)
        {
            throw new VoidRunException(FormattableString.Invariant($"a payment was answered {status}"));
        }
    }

    private static async Task<IEnumerable<(string Name, double Value)>> ReadAsync(
        BenchDatabase database, CreateRequests requests, long first, CancellationToken cancel)
    {
        var pickups = new Latencies();
        var settlements = new Latencies();
        await using var connection = await database.Watcher.OpenConnectionAsync(cancel);
        var rows = await connection.QueryAsync<(TimeSpan Pickup, TimeSpan Settled)>(
            new CommandDefinition(
                TimesSql,
                new { first = requests.KeyOf(first), last = requests.KeyOf(MostRequests) },
                cancellationToken: cancel));
        foreach (var (pickup, settled) in rows)
        {
            pickups.Add(pickup);
            settlements.Add(settled);
        }

        return
        [
            (P50, pickups.Percentile(0.5)),
            (P99, pickups.Percentile(0.99)),
            ("settled p50 ms", settlements.Percentile(0.5)),
            ("settled p99 ms", settlements.Percentile(0.99)),
        ];
    }

    // A claim sets available_at to the end of the lease, by default 30 seconds later, and nothing moves it after that.
    private const string TimesSql = """
        SELECT j.available_at - interval '30 seconds' - j.created_at AS pickup,
            pg_xact_commit_timestamp(p.xmin) - j.created_at AS settled
        FROM recon_jobs AS j
        JOIN payments AS p ON p.id = j.payment_id
        WHERE p.idempotency_key BETWEEN @first AND @last
        """;
}
