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

    public override string Name => "latency";

    public override int WindowsPerRound => 1;

    public override TimeSpan OverheadPerRound => TimeSpan.FromSeconds(8);

    public override async Task RunAsync(BenchContext context, CancellationToken cancel)
    {
        var perSecond = context.Options.Rate > 0
            ? context.Options.Rate
            : (context.Sustained ?? await BothScenario.FindSustainedAsync(context, cancel)) / 5;
        await using var template = await ProductTemplate.CreateAsync(context.Server, null, cancel);
        var result = await context.CompareAsync(
            FormattableString.Invariant($"Latency at {perSecond:#,##0} payments a second"),
            [new Side(Product, token => MeasureAsync(context, template, perSecond, token))],
            cancel);
        context.Report.Targets.AddRange([
            Target.AtMost(result, Product, P50, 15),
            Target.AtMost(result, Product, P99, 60),
        ]);
    }

    private static async Task<Run> MeasureAsync(
        BenchContext context, BenchDatabase template, double perSecond, CancellationToken cancel)
    {
        await using var database = await context.Server.CloneAsync(template, cancel);
        var answers = new Latencies();
        var settlements = new Latencies();
        await using (var system = await ProductSystem.StartAsync(database, cancel))
        {
            var warmUp = BenchContext.ServerWarmUp;
            var requests = new CreateRequests("latency", BenchOptions.Accounts);
            var load = new PacedLoad(system.Api.EndPoint, requests, Connections, perSecond);
            var answered = await load.RunAsync(warmUp + context.Window, cancel);
            await system.WaitUntilSettledAsync(cancel);
            system.ShouldRun();

            var first = (long)(warmUp.TotalSeconds * perSecond);
            var settled = await ReadSettledAsync(database, requests, cancel);
            if (settled.Count != answered.Length)
            {
                throw new VoidRunException(
                    FormattableString.Invariant($"{answered.Length} answered, but {settled.Count} settled"));
            }

            for (var number = first; number < answered.Length; number++)
            {
                answers.Add(answered[number]);
                settlements.Add(settled[number] - load.Begin.UtcDateTime - load.DueAt(number));
            }
        }

        await database.CheckBooksAsync();
        return new Run(
            (P50, settlements.Percentile(0.5)),
            (P99, settlements.Percentile(0.99)),
            ("POST to answer p50 ms", answers.Percentile(0.5)),
            ("POST to answer p99 ms", answers.Percentile(0.99)));
    }

    // By number of the request, which is the last part of its key.
    private static async Task<Dictionary<long, DateTime>> ReadSettledAsync(
        BenchDatabase database, CreateRequests requests, CancellationToken cancel)
    {
        await using var connection = await database.Superuser.OpenConnectionAsync(cancel);
        var rows = await connection.QueryAsync<(long Number, DateTime At)>(new CommandDefinition(
            SettledSql, new { skip = requests.KeyOf(0).Length - 9 }, cancellationToken: cancel));
        return rows.ToDictionary(row => row.Number, row => row.At);
    }

    // Settlement is the last change of a payment's row.
    private const string SettledSql = """
        SELECT substr(idempotency_key, @skip)::bigint AS number, pg_xact_commit_timestamp(xmin) AS at
        FROM payments
        WHERE settled_at IS NOT NULL
        """;
}
