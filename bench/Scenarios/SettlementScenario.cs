using Payments.Bench.Documents;
using Payments.Bench.Measuring;
using Payments.Bench.NodePeers;
using Payments.Bench.Product;
using Payments.Bench.Running;

namespace Payments.Bench.Scenarios;

/// <summary>How fast queued payments are settled, by the product's workers and by others.</summary>
internal sealed class SettlementScenario : Scenario
{
    private const string Rate = WarmWorkers.Rate;
    private const string Product = "product, two workers";
    private const string OneWorker = "product, one worker";
    private const string Hot = "product, half on one account";
    private const string Traced = "product, every payment traced";
    private const string DocumentsOne = "documents' design, one worker";
    private const string DocumentsTwo = "documents' design, two workers";
    private const string Floor = "COPY of the same rows, one connection";

    // What a window of the floor takes: enough rows for its length, and not many more.
    private const int FloorRowsPerSecond = 26_000;

    // Each runs the product's posting function for every job, and one that does nothing: what the queue itself can do.
    // With as many jobs as are done in a second at the most: a window must not end for want of jobs.
    private static readonly (string Peer, string Task, int JobsPerSecond)[] Peers =
    [
        ("graphile-worker", "posting", 2_500), ("graphile-worker", "noop", 24_000),
        ("pg-boss", "posting", 2_500), ("pg-boss", "posting-batch", 15_000), ("pg-boss", "noop", 24_000),
    ];

    public override string Name => "settlement";

    public override int WindowsPerRound => 7 + Peers.Length;

    public override TimeSpan Preparation => TimeSpan.FromSeconds(140);

    public override TimeSpan OverheadPerRound => TimeSpan.FromSeconds(55);

    public override async Task RunAsync(BenchContext context, CancellationToken cancel)
    {
        var shape = new QueueShape(context.Options.Payments, BenchOptions.Accounts);
        var server = context.Server;
        context.Progress.Say($"Queueing {shape.Payments:#,##0} payments for the documents and for the product");
        var creatingDocuments = CreateDocumentsAsync(context, cancel);
        await using var empty = await ProductTemplate.CreateAsync(server, null, cancel);
        await using var full = await ProductTemplate.CreateAsync(server, shape, cancel);
        await using var queued = await ProductTemplate.CreateAsync(
            server, shape with { Payments = JobsOf(context, Peers.Where(IsPosting).Max(peer => peer.JobsPerSecond)) },
            cancel);
        var floor = await SettleForFloorAsync(context, empty, shape, cancel);
        await using var documents = await creatingDocuments;

        await using var sink = await OtlpSink.StartAsync(cancel);
        await using var documentsOne = WarmUp(server, documents, 1);
        await using var documentsTwo = WarmUp(server, documents, 2);
        await using var two = new WarmWorkers(context, token => server.CloneAsync(full, token), shape, 2);
        await using var one = new WarmWorkers(context, token => server.CloneAsync(full, token), shape, 1);

        // Settled to its end, so it holds about as much as is settled in a window.
        await using var hot = new WarmWorkers(
            context, token => server.CloneAsync(empty, token),
            shape with { Payments = shape.Payments / 8, HotShare = 0.5 }, 2, toTheEnd: true);
        await using var traced = new WarmWorkers(
            context, token => server.CloneAsync(empty, token), shape with { TracedShare = 1 }, 2, sink);
        var result = await context.CompareAsync("Settlement", [
            new Side(Product, two.MeasureAsync, two.CheckBooksAsync),
            new Side(OneWorker, one.MeasureAsync, one.CheckBooksAsync),
            new Side(Hot, hot.MeasureAsync, hot.CheckBooksAsync),
            new Side(Traced, token => MeasureTracedAsync(traced, sink, token), traced.CheckBooksAsync),
            new Side(
                DocumentsOne, token => SettleDocumentsAsync(context, documentsOne, token),
                documentsOne.CheckBooksAsync),
            new Side(
                DocumentsTwo, token => SettleDocumentsAsync(context, documentsTwo, token),
                documentsTwo.CheckBooksAsync),
            .. Peers.Select(peer => new Side(
                $"{peer.Peer}, {peer.Task}",
                token => RunPeerAsync(
                    context, IsPosting(peer) ? queued : empty, peer.Peer, peer.Task,
                    JobsOf(context, peer.JobsPerSecond), token))),
            new Side(Floor, token => CopyAsync(context, empty, floor, token)),
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

    private static bool IsPosting((string Peer, string Task, int JobsPerSecond) peer) =>
        peer.Task.StartsWith("posting", StringComparison.Ordinal);

    private static int JobsOf(BenchContext context, int perSecond) =>
        (int)((BenchContext.WholeSecondsOf(context.Window) + BenchContext.WarmUp.TotalSeconds) * perSecond);

    private static async Task<BenchDatabase> CreateDocumentsAsync(BenchContext context, CancellationToken cancel)
    {
        var database = await WarmDocuments.CreateDatabaseAsync(context, cancel);
        await database.QueueDocumentsAsync(context.Options.Payments, BenchOptions.Accounts, cancel);
        await database.SettleDownAsync(cancel);
        database.Disconnect();
        return database;
    }

    private static async Task<Run> MeasureTracedAsync(WarmWorkers workers, OtlpSink sink, CancellationToken cancel)
    {
        var before = sink.Bytes;
        var run = await workers.MeasureAsync(cancel);
        return sink.Bytes > before ? run : throw new VoidRunException("no trace was sent");
    }

    private static WarmDocuments WarmUp(BenchServer server, BenchDatabase queued, int workers) => new(
        token => server.CloneAsync(queued, token), withApi: false, workers,
        (_, token) => Task.Delay(BenchContext.WorkerWarmUp, token));

    private static Task<Run> SettleDocumentsAsync(
        BenchContext context, WarmDocuments documents, CancellationToken cancel) =>
        documents.MeasureAsync(
            async (system, _) =>
            {
                await Task.Delay(BenchContext.WarmUp, cancel);
                var window = await SteadyWindow.MeasureAsync(
                    system.Database.CountDocumentsSettledAsync, null, context.Window, cancel);
                return new Run((Rate, window.PerSecond));
            },
            cancel);

    private static async Task<Run> RunPeerAsync(
        BenchContext context, BenchDatabase template, string peer, string task, int jobs, CancellationToken cancel)
    {
        await using var database = await context.Server.CloneAsync(template, cancel);
        var seconds = BenchContext.WholeSecondsOf(context.Window);
        double rate;
        await using (var process = await NodePeer.StartAsync(
            peer,
            database,
            cancel,
            $"--task={task}",
            FormattableString.Invariant($"--jobs={jobs}"),
            FormattableString.Invariant($"--seconds={seconds}"),
            FormattableString.Invariant($"--warm-up={BenchContext.WarmUp.TotalMilliseconds}")))
        {
            rate = await process.RunJobsAsync(cancel);
            process.Kill();
        }

        // The peer has a queue of its own: the product's jobs stay where they are.
        await database.CheckBooksAsync(fault => !fault.Contains("its job is", StringComparison.Ordinal));
        return new Run((Rate, rate));
    }

    // The rows of the floor are those that the product itself leaves behind.
    private static async Task<CopyFloor> SettleForFloorAsync(
        BenchContext context, BenchDatabase empty, QueueShape shape, CancellationToken cancel)
    {
        var payments = Math.Min(shape.Payments, (int)(FloorRowsPerSecond * context.Window.TotalSeconds));
        context.Progress.Say("Settling one queue for the rows of the floor");
        await using var database = await context.Server.CloneAsync(empty, cancel);
        await database.QueueAsync(shape with { Payments = payments }, 1, cancel);
        await using (new ServiceGroup(await ProductPrograms.StartWorkersAsync(2, database, cancel)))
        {
            await SteadyWindow.MeasureAsync(database.CountSettledAsync, payments, TimeSpan.FromMinutes(2), cancel);
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
