using System.Globalization;
using System.Net;
using Payments.Bench.Documents;
using Payments.Bench.Load;
using Payments.Bench.Measuring;
using Payments.Bench.NodePeers;
using Payments.Bench.Product;
using Payments.Bench.Running;
using Payments.Testing;

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

    public override TimeSpan Preparation => TimeSpan.FromSeconds(22);

    public override TimeSpan OverheadPerRound => TimeSpan.FromSeconds(12);

    public override async Task RunAsync(BenchContext context, CancellationToken cancel)
    {
        var product = await context.WarmSystemAsync(cancel);
        var result = await context.CompareAsync("Created over HTTP and settled", [
            new Side(Product, token => MeasureProductAsync(context, product, token)),
            new Side(Documents, token => MeasureDocumentsAsync(context, token)),
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

    private static async Task<Run> MeasureDocumentsAsync(BenchContext context, CancellationToken cancel)
    {
        await using var database = await context.Server.CreateAsync(cancel);
        await database.MigrateToDocumentsAsync(cancel);
        var port = FreePort.Next();
        var figures = new List<(string Name, double Value)>();
        await using (var api = await NodePeer.StartAsync(
            "documents-api", database, cancel, string.Create(CultureInfo.InvariantCulture, $"--port={port}")))
        await using (var programs = await DocumentsPrograms.StartWorkersAsync(2, database, cancel))
        {
            figures.AddRange(await MeasureAsync(
                context, "both", new IPEndPoint(IPAddress.Loopback, port), database.CountDocumentsSettledAsync,
                DocumentsBacklog,
                [("api", api.Process), .. programs.Workers.Select(worker => ("worker", worker))],
                null,
                cancel));
        }

        await database.CheckDocumentsBooksAsync(cancel);
        return new Run(figures);
    }

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
        }

        var result = await loading;
        var growth = backlog.GrowthPerSecond(context.Window) / window.PerSecond;
        return growth <= GrowthLimit
            ? [
                (Rate, window.PerSecond),
                ("backlog growth, % of it", growth * 100),
                ("POST p50 ms", result.Latencies.Percentile(0.5)),
                ("POST p99 ms", result.Latencies.Percentile(0.99)),
                .. costs,
            ]
            : throw new VoidRunException(
                FormattableString.Invariant($"the backlog grew by {growth:0.0%} of what was settled"));
    }
}
