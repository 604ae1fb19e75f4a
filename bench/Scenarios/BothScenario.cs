using System.Net;
using Payments.Bench.Documents;
using Payments.Bench.Load;
using Payments.Bench.Measuring;
using Payments.Bench.Product;
using Payments.Bench.Running;

namespace Payments.Bench.Scenarios;

/// <summary>
/// How many payments a second are created over HTTP and settled, for as long as one likes: the load is held back while
/// too many wait, so that what is created is what is settled. And what each of them costs.
/// </summary>
internal sealed class BothScenario : Scenario
{
    private const string Rate = "created and settled/s";
    private const string Product = "product";
    private const string Documents = "documents' design";
    private const int Connections = 64;

    // Limits: about what a third of a second settles: reached within the warm-up, and then not exceeded.
    // What is settled is counted in a row for each division here, and in a row for each payment there.
    private static readonly (int Limit, TimeSpan LookDelay) ProductBacklog = (5_000, TimeSpan.FromMilliseconds(20));
    private static readonly (int Limit, TimeSpan LookDelay) DocumentsBacklog = (200, TimeSpan.FromMilliseconds(100));

    // A backlog that grows by more than this share of what is settled is one that grows.
    private const double GrowthLimit = 0.05;

    // The load outlasts the window over which its settlement is counted.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);

    public override string Name => "both";

    public override int WindowsPerRound => 2;

    public override TimeSpan Preparation => TimeSpan.FromSeconds(32);

    public override TimeSpan OverheadPerRound => TimeSpan.FromSeconds(12);

    public override async Task RunAsync(BenchContext context, CancellationToken cancel)
    {
        var product = await context.WarmSystemAsync(cancel);
        await using var documents = new WarmDocuments(
            token => WarmDocuments.CreateDatabaseAsync(context, token), withApi: true, workers: 2, WarmUpAsync);
        var result = await context.CompareAsync("Created over HTTP and settled", [
            new Side(Product, token => MeasureProductAsync(context, product, token), product.CheckBooksAsync),
            new Side(
                Documents, token => MeasureDocumentsAsync(context, documents, token), documents.CheckBooksAsync),
        ], cancel);
        context.Sustained = result.Median(Product, Rate);
        context.Report.Targets.Add(Target.RatioAtLeast(result, Product, Documents, Rate, 25));
    }

    /// <summary>One run of the product alone, for scenarios that need to know what the machine sustains.</summary>
    public static async Task<double> FindSustainedAsync(BenchContext context, CancellationToken cancel)
    {
        context.Progress.Say("Finding out what is sustained");
        var product = await context.WarmSystemAsync(cancel);
        return (await MeasureProductAsync(context, product, cancel)).Figures[Rate];
    }

    private static Task<Run> MeasureProductAsync(BenchContext context, WarmSystem product, CancellationToken cancel) =>
        product.MeasureAsync(
            (system, run) => MeasureAsync(
                context,
                FormattableString.Invariant($"both-{run}"),
                system.Api.EndPoint,
                system.Database.CountSettledAsync,
                ProductBacklog,
                system.Roles,
                system.CountCommandsAsync,
                cancel),
            cancel);

    // Less than it settles, so that nothing is left waiting.
    private static async Task WarmUpAsync(DocumentsSystem system, CancellationToken cancel)
    {
        const int PerSecond = 200;
        var requests = new CreateRequests("warm-up", BenchOptions.Accounts);
        await new PacedLoad(system.EndPoint, requests, Connections, PerSecond)
            .RunAsync(BenchContext.WorkerWarmUp, cancel);
        await system.WaitUntilSettledAsync(cancel);
    }

    private static Task<Run> MeasureDocumentsAsync(
        BenchContext context, WarmDocuments documents, CancellationToken cancel) =>
        documents.MeasureAsync(
            async (system, run) =>
            {
                try
                {
                    return new Run(await MeasureAsync(
                        context, FormattableString.Invariant($"both-{run}"), system.EndPoint,
                        system.Database.CountDocumentsSettledAsync, DocumentsBacklog, system.Roles, null, cancel));
                }
                finally
                {
                    await system.WaitUntilSettledAsync(cancel);
                }
            },
            cancel);

    private static async Task<IEnumerable<(string Name, double Value)>> MeasureAsync(
        BenchContext context,
        string prefix,
        IPEndPoint api,
        Func<CancellationToken, Task<long>> countSettled,
        (int Limit, TimeSpan LookDelay) waiting,
        IReadOnlyList<(string Role, ChildProcess Process)> processes,
        Func<CancellationToken, Task<long>>? countCommands,
        CancellationToken cancel)
    {
        Backlog? backlog = null;
        var load = new HttpLoad(
            api, new CreateRequests(prefix, BenchOptions.Accounts), Connections, () => backlog!.IsBelowLimit);
        var settledBefore = await countSettled(cancel);
        backlog = new Backlog(
            () => load.Created + settledBefore, countSettled, waiting.Limit, waiting.LookDelay);

        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var watch = backlog.WatchAsync(watching.Token);
        var loading = load.RunAsync(BenchContext.WarmUp * 2, context.Window + Margin, cancel);
        var costs = new List<(string Name, double Value)>();
        SteadyWindow window;
        try
        {
            await Task.WhenAny(loading, Task.Delay(BenchContext.WarmUp * 2, cancel));
            var cost = await CostMeter.StartAsync(context.Server, processes, cancel);
            var commands = countCommands is null ? 0 : await countCommands(cancel);

            window = await SteadyWindow.MeasureAsync(countSettled, null, context.Window, cancel);
            costs.AddRange(await cost.PerPaymentAsync(window.Counted, cancel));
            if (countCommands is not null)
            {
                costs.Add(("round trips/payment", (double)(await countCommands(cancel) - commands) / window.Counted));
            }
        }
        finally
        {
            await watching.CancelAsync();
            await watch;
            await Task.WhenAny(loading);
        }

        var result = await loading;
        var growth = backlog.GrowthPerSecond(context.Window) / window.PerSecond;
        return growth <= GrowthLimit
            ? [
                // What was settled of an older backlog was not created meanwhile.
                (Rate, window.PerSecond * (1 + Math.Min(0, growth))),
                ("backlog growth, % of it", growth * 100),
                ("POST p50 ms", result.Latencies.Percentile(0.5)),
                ("POST p99 ms", result.Latencies.Percentile(0.99)),
                .. costs,
            ]
            : throw new VoidRunException(
                FormattableString.Invariant($"the backlog grew by {growth:0.0%} of what was settled"));
    }
}
