using Dapper;
using Payments.Bench.Load;
using Payments.Bench.Measuring;
using Payments.Bench.Product;
using Payments.Bench.Running;

namespace Payments.Bench.Scenarios;

/// <summary>
/// How long it takes from the client's POST until the payment is settled, at a fifth of what the machine sustains.
/// A payment's time begins when its request was due, and ends when the transaction that settled it committed, by the
/// server's commit time; both clocks are this machine's.
/// </summary>
internal sealed class LatencyScenario : Scenario
{
    private const string Product = "product";
    private const string P50 = "POST to settled p50 ms";
    private const string P99 = "POST to settled p99 ms";
    private const int Connections = 64;

    // The largest number that keys have room for.
    private const long MostRequests = 9_999_999_999;

    public override string Name => "latency";

    public override int WindowsPerRound => 1;

    public override TimeSpan OverheadPerRound => TimeSpan.FromSeconds(2);

    public override async Task RunAsync(BenchContext context, CancellationToken cancel)
    {
        var perSecond = context.Options.Rate > 0
            ? context.Options.Rate
            : (context.Sustained ?? await BothScenario.FindSustainedAsync(context, cancel)) / 5;
        var product = await context.WarmSystemAsync(cancel);
        var result = await context.CompareAsync(
            FormattableString.Invariant($"Latency at {perSecond:#,##0} payments a second"),
            [new Side(
                Product,
                token => product.MeasureAsync(
                    (system, run) => MeasureAsync(context, system, run, perSecond, token), token),
                product.CheckBooksAsync)],
            cancel);
        context.Report.Targets.AddRange([
            Target.AtMost(result, Product, P50, 15),
            Target.AtMost(result, Product, P99, 60),
        ]);
    }

    private static async Task<IEnumerable<(string Name, double Value)>> MeasureAsync(
        BenchContext context, ProductSystem system, int run, double perSecond, CancellationToken cancel)
    {
        var warmUp = BenchContext.WarmUp;
        var requests = new CreateRequests(FormattableString.Invariant($"latency-{run}"), BenchOptions.Accounts);
        var load = new PacedLoad(system.Api.EndPoint, requests, Connections, perSecond);
        var answered = await load.RunAsync(warmUp + context.Window, cancel);
        await system.WaitUntilSettledAsync(cancel);

        var first = (long)(warmUp.TotalSeconds * perSecond);
        var settled = await ReadSettledAsync(system.Database, requests, cancel);
        if (settled.Count != answered.Length)
        {
            throw new VoidRunException(
                FormattableString.Invariant($"{answered.Length} answered, but {settled.Count} settled"));
        }

        var answers = new Latencies();
        var settlements = new Latencies();
        for (var number = first; number < answered.Length; number++)
        {
            answers.Add(answered[number]);
            settlements.Add(settled[number] - load.Begin.UtcDateTime - load.DueAt(number));
        }

        return
        [
            (P50, settlements.Percentile(0.5)),
            (P99, settlements.Percentile(0.99)),
            ("POST to answer p50 ms", answers.Percentile(0.5)),
            ("POST to answer p99 ms", answers.Percentile(0.99)),
        ];
    }

    // By number of the request, which is the last part of its key.
    private static async Task<Dictionary<long, DateTime>> ReadSettledAsync(
        BenchDatabase database, CreateRequests requests, CancellationToken cancel)
    {
        await using var connection = await database.Watcher.OpenConnectionAsync(cancel);
        var rows = await connection.QueryAsync<(long Number, DateTime At)>(new CommandDefinition(
            SettledSql,
            new { skip = requests.KeyOf(0).Length - 9, first = requests.KeyOf(0), last = requests.KeyOf(MostRequests) },
            cancellationToken: cancel));
        return rows.ToDictionary(row => row.Number, row => row.At);
    }

    // Settlement is the last change of a payment's row.
    private const string SettledSql = """
        SELECT substr(idempotency_key, @skip)::bigint AS number, pg_xact_commit_timestamp(xmin) AS at
        FROM payments
        WHERE settled_at IS NOT NULL AND idempotency_key BETWEEN @first AND @last
        """;
}
