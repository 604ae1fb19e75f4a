using Payments.Bench.Documents;
using Payments.Bench.Measuring;
using Payments.Bench.NodePeers;
using Payments.Bench.Product;
using Payments.Bench.Running;

namespace Payments.Bench.Scenarios;

/// <summary>How fast queued payments are settled, by the product's workers and by others.</summary>
internal sealed class SettlementScenario : Scenario
{
    private const string Rate = "settled/s";
    private const string Product = "product, two workers";
    private const string OneWorker = "product, one worker";
    private const string Hot = "product, half on one account";
    private const string Traced = "product, every payment traced";
    private const string DocumentsOne = "documents' design, one worker";
    private const string DocumentsTwo = "documents' design, two workers";
    private const string Floor = "COPY of the same rows, one connection";

    // At about what the peers reach: enough for a window and its warm-up, quickly queued.
    private const int PeerJobsPerSecond = 12_000;

    // Each runs the product's posting function for every job, and one that does nothing: what the queue itself can do.
    private static readonly (string Peer, string Task)[] Peers =
    [
        ("graphile-worker", "posting"), ("graphile-worker", "noop"),
        ("pg-boss", "posting"), ("pg-boss", "posting-batch"), ("pg-boss", "noop"),
    ];

    public override string Name => "settlement";

    public override int WindowsPerRound => 7 + Peers.Length;

    public override TimeSpan OverheadPerRound => TimeSpan.FromSeconds(80);

    public override async Task RunAsync(BenchContext context, CancellationToken cancel)
    {
        var shape = new QueueShape(context.Options.Payments, BenchOptions.Accounts);
        context.Progress.Say($"Queueing {shape.Payments:#,##0} payments, three times and once for the documents");
        var server = context.Server;
        await using var product = await ProductTemplate.CreateAsync(server, null, cancel);
        await using var queued = await ProductTemplate.CreateAsync(server, shape, cancel);
        await using var hot = await ProductTemplate.CreateAsync(server, shape with { HotShare = 0.5 }, cancel);
        await using var traced = await ProductTemplate.CreateAsync(server, shape with { TracedShare = 1 }, cancel);
        await using var documents = await CreateDocumentsAsync(context, cancel);
        var floor = await SettleForFloorAsync(context, queued, cancel);

        var result = await context.CompareAsync("Settlement", [
            new Side(Product, token => SettleAsync(context, queued, 2, token)),
            new Side(OneWorker, token => SettleAsync(context, queued, 1, token)),
            new Side(Hot, token => SettleAsync(context, hot, 2, token)),
            new Side(Traced, token => SettleTracedAsync(context, traced, token)),
            new Side(DocumentsOne, token => SettleDocumentsAsync(context, documents, 1, token)),
            new Side(DocumentsTwo, token => SettleDocumentsAsync(context, documents, 2, token)),
            .. PeerSides(context, queued),
            new Side(Floor, token => CopyAsync(context, product, floor, token)),
        ], cancel);

        context.Report.Targets.AddRange([
            Target.RatioAtLeast(result, Product, DocumentsTwo, Rate, 40),
            Target.RatioAtLeast(result, Product, "graphile-worker, posting", Rate, 8),
            Target.RatioAtLeast(result, Product, "pg-boss, posting", Rate, 8),
            Target.RatioAtLeast(result, Product, "pg-boss, posting-batch", Rate, 3),
            Target.RatioAtLeast(result, Product, Floor, Rate, 0.2),
            Target.RatioAtLeast(result, Hot, Product, Rate, 0.9),
            Target.RatioAtLeast(result, Product, OneWorker, Rate, 1.3),
        ]);
    }

    private static IEnumerable<Side> PeerSides(BenchContext context, BenchDatabase queued) =>
        Peers.Select(side => new Side(
            $"{side.Peer}, {side.Task}", token => RunPeerAsync(context, queued, side.Peer, side.Task, token)));

    private static async Task<BenchDatabase> CreateDocumentsAsync(BenchContext context, CancellationToken cancel)
    {
        var database = await context.Server.CreateAsync(cancel);
        await database.MigrateToDocumentsAsync(cancel);
        await database.QueueDocumentsAsync(context.Options.Payments, BenchOptions.Accounts, cancel);
        await database.SettleDownAsync(cancel);
        database.Disconnect();
        return database;
    }

    private static async Task<Run> SettleAsync(
        BenchContext context, BenchDatabase template, int count, CancellationToken cancel, OtlpSink? traceAllTo = null)
    {
        await using var database = await context.Server.CloneAsync(template, cancel);
        var workers = await ProductPrograms.StartWorkersAsync(count, database, cancel, traceAllTo);
        var figures = new List<(string Name, double Value)>();
        await using (new ServiceGroup(workers))
        {
            await Task.Delay(BenchContext.WorkerWarmUp, cancel);
            var cost = await CostMeter.StartAsync(
                context.Server, [.. workers.Select(worker => ("worker", worker.Process))], cancel);
            var window = await SteadyWindow.MeasureAsync(
                database.CountSettledAsync, context.Options.Payments, context.Window, cancel);
            figures.Add((Rate, window.PerSecond));
            figures.AddRange(await cost.PerPaymentAsync(window.Counted, cancel));
            foreach (var worker in workers)
            {
                worker.ShouldRun();
            }
        }

        await database.CheckBooksAsync();
        return new Run(figures);
    }

    private static async Task<Run> SettleTracedAsync(
        BenchContext context, BenchDatabase template, CancellationToken cancel)
    {
        await using var sink = await OtlpSink.StartAsync(cancel);
        var run = await SettleAsync(context, template, 2, cancel, sink);
        return sink.Bytes > 0 ? run : throw new VoidRunException("no trace was sent");
    }

    private static async Task<Run> SettleDocumentsAsync(
        BenchContext context, BenchDatabase template, int count, CancellationToken cancel)
    {
        await using var database = await context.Server.CloneAsync(template, cancel);
        double rate;
        await using (var programs = await DocumentsPrograms.StartWorkersAsync(count, database, cancel))
        {
            await Task.Delay(BenchContext.WarmUp, cancel);
            var window = await SteadyWindow.MeasureAsync(
                database.CountDocumentsSettledAsync, null, context.Window, cancel);
            rate = window.PerSecond;
            if (programs.Workers.FirstOrDefault(worker => worker.HasExited) is { } ended)
            {
                throw ended.Ended();
            }
        }

        await database.CheckDocumentsBooksAsync(cancel);
        return new Run((Rate, rate));
    }

    private static async Task<Run> RunPeerAsync(
        BenchContext context, BenchDatabase queued, string peer, string task, CancellationToken cancel)
    {
        await using var database = await context.Server.CloneAsync(queued, cancel);
        var seconds = Math.Ceiling(context.Window.TotalSeconds);
        var jobs = Math.Min((int)(seconds * PeerJobsPerSecond), context.Options.Payments);
        double rate;
        await using (var process = await NodePeer.StartAsync(
            peer,
            database,
            cancel,
            $"--task={task}",
            FormattableString.Invariant($"--jobs={jobs}"),
            FormattableString.Invariant($"--seconds={seconds:0}")))
        {
            rate = await process.RunJobsAsync(cancel);
        }

        // The peer has a queue of its own: the product's jobs stay where they are.
        await database.CheckBooksAsync(fault => !fault.Contains("its job is", StringComparison.Ordinal));
        return new Run((Rate, rate));
    }

    // The rows of the floor are those that the product itself leaves behind.
    private static async Task<CopyFloor> SettleForFloorAsync(
        BenchContext context, BenchDatabase queued, CancellationToken cancel)
    {
        context.Progress.Say("Settling one queue for the rows of the floor");
        await using var database = await context.Server.CloneAsync(queued, cancel);
        await using (new ServiceGroup(await ProductPrograms.StartWorkersAsync(2, database, cancel)))
        {
            await SteadyWindow.MeasureAsync(
                database.CountSettledAsync, context.Options.Payments, TimeSpan.FromMinutes(5), cancel);
        }

        return await CopyFloor.TakeAsync(database, cancel);
    }

    private static async Task<Run> CopyAsync(
        BenchContext context, BenchDatabase product, CopyFloor floor, CancellationToken cancel)
    {
        await using var database = await context.Server.CloneAsync(product, cancel);
        var length = await floor.CopyAsync(database, cancel);
        return new Run((Rate, floor.Payments / length.TotalSeconds));
    }
}
