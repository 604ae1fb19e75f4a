using System.Net;
using Payments.Bench.Documents;
using Payments.Bench.Load;
using Payments.Bench.Measuring;
using Payments.Bench.Product;

namespace Payments.Bench.Scenarios;

/// <summary>
/// How many payments are created over HTTP, and how soon each is answered, at three numbers of connections.
/// </summary>
internal sealed class IntakeScenario : Scenario
{
    private const string Product = "product";
    private const string Fastify = "documents' design, Fastify";
    private const string Ceiling = "product without database";
    private const string SelectOnly = "pgbench, select only";

    private const int Middle = 64;

    private static readonly int[] Levels = [16, Middle, 256];

    public override string Name => "intake";

    public override int WindowsPerRound => (Levels.Length * 2) + 2;

    public override TimeSpan Preparation => TimeSpan.FromSeconds(50);

    public override TimeSpan OverheadPerRound => TimeSpan.FromSeconds(10);

    public override async Task RunAsync(BenchContext context, CancellationToken cancel)
    {
        await using var product = await WarmApi.StartAsync(context, withDatabase: true, cancel);
        await using var ceiling = await WarmApi.StartAsync(context, withDatabase: false, cancel);
        await using var fastify = new WarmDocuments(
            token => WarmDocuments.CreateDatabaseAsync(context, token), withApi: true, workers: 0, WarmUpAsync);
        await using var pgbench = await Pgbench.PrepareAsync(context.Server, cancel);
        var result = await context.CompareAsync("Intake", [
            new Side(Product, token => product.MeasureAsync(
                (api, run) => LoadAsync(context, api, Levels, run, token), token), product.CheckBooksAsync),
            new Side(Fastify, token => CreateWithFastifyAsync(context, fastify, token)),
            new Side(Ceiling, token => ceiling.MeasureAsync(
                (api, run) => LoadAsync(context, api, [Middle], run, token), token)),
            new Side(SelectOnly, token => pgbench.MeasureAsync(context.Window, token)),
        ], cancel);

        context.Report.Targets.AddRange([
            Target.RatioAtLeast(result, Product, Fastify, Created(16), 5),
            Target.RatioAtLeast(result, Product, Fastify, Created(64), 8),
            Target.RatioAtLeast(result, Product, Fastify, Created(256), 8),
            Target.RatioAtMost(result, Product, Fastify, Within99(64), 1.0 / 3),
            Target.RatioAtLeast(result, Product, Ceiling, Created(64), 0.3),
        ]);
    }

    private static string Created(int connections) => FormattableString.Invariant($"created/s at {connections}");

    private static string Within99(int connections) => FormattableString.Invariant($"p99 ms at {connections}");

    // Within four seconds it is as fast as it will be.
    private static async Task WarmUpAsync(DocumentsSystem system, CancellationToken cancel) =>
        await new HttpLoad(system.EndPoint, new CreateRequests("warm-up", BenchOptions.Accounts), Middle)
            .RunAsync(BenchContext.WorkerWarmUp, TimeSpan.Zero, cancel);

    private static Task<Run> CreateWithFastifyAsync(
        BenchContext context, WarmDocuments fastify, CancellationToken cancel) =>
        fastify.MeasureAsync(
            async (system, number) =>
            {
                var before = await system.Database.CountPaymentsAsync(cancel);
                var (run, created) = await LoadAsync(context, system.EndPoint, Levels, number, cancel);
                await system.Database.ShouldHoldAsync(before + created, cancel);
                return run;
            },
            cancel);

    private static async Task<(Run Run, long Created)> LoadAsync(
        BenchContext context, IPEndPoint server, IReadOnlyList<int> levels, int round, CancellationToken cancel)
    {
        var figures = new List<(string Name, double Value)>();
        var created = 0L;
        foreach (var level in levels)
        {
            var requests = new CreateRequests(
                FormattableString.Invariant($"intake-{round}-{level}"), BenchOptions.Accounts);
            var load = new HttpLoad(server, requests, level);
            var warmUp = created == 0 ? BenchContext.WarmUp : BenchContext.WarmUp / 3;
            var result = await load.RunAsync(warmUp, context.Window, cancel);
            created += result.Created;
            figures.Add((Created(level), result.PerSecond));
            figures.Add((FormattableString.Invariant($"p50 ms at {level}"), result.Latencies.Percentile(0.5)));
            figures.Add((Within99(level), result.Latencies.Percentile(0.99)));
        }

        return (new Run(figures), created);
    }
}
