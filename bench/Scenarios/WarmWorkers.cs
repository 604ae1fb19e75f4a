using Payments.Bench.Measuring;
using Payments.Bench.Product;
using Payments.Bench.Running;

namespace Payments.Bench.Scenarios;

/// <summary>
/// Workers on a database of their own, started and warmed up before their first run, as in a system in service. Between
/// the runs the queue is paused and they are frozen, so that they take nothing from the other sides; before each run
/// the queue is filled up again, so that every run begins with the same number of payments. The tables grow.
/// </summary>
/// <param name="createDatabase">Makes the database, with the accounts' history; what it lacks is queued here.</param>
/// <param name="shape">The full queue.</param>
/// <param name="toTheEnd">A window ends only with the queue, for what is settled unevenly.</param>
/// <param name="settings">Of the workers, as environment variables.</param>
internal sealed class WarmWorkers(
    BenchContext context,
    Func<CancellationToken, Task<BenchDatabase>> createDatabase,
    QueueShape shape,
    int count,
    OtlpSink? traceAllTo = null,
    bool toTheEnd = false,
    params IReadOnlyList<(string Name, string Value)> settings) : IAsyncDisposable
{
    /// <summary>The figure of every run.</summary>
    public const string Rate = "settled/s";

    // The other sides' databases came and went with checkpoints, after which the first change of a page logs all of it.
    // In this time most pages of ten thousand accounts are changed.
    private static readonly TimeSpan WarmUpAgain = TimeSpan.FromSeconds(2.5);

    private static readonly TimeSpan LongestDrain = TimeSpan.FromMinutes(1);

    // Two for each account, so that most pages are changed here too.
    private const int WarmUpPayments = 20_000;

    private BenchDatabase? _database;
    private IReadOnlyList<ServiceProcess> _workers = [];
    private int _run;

    /// <summary>One run; the first one takes longer, to start.</summary>
    public Task<Run> MeasureAsync(CancellationToken cancel) => MeasureAsync(null, cancel);

    /// <summary>One run; the first one takes longer, to start.</summary>
    /// <param name="more">Figures beside the rate and the costs, read when the window has ended.</param>
    /// <exception cref="VoidRunException">Nothing was settled, or a worker ended.</exception>
    public async Task<Run> MeasureAsync(
        Func<BenchDatabase, IReadOnlyList<ServiceProcess>, Task<IEnumerable<(string Name, double Value)>>>? more,
        CancellationToken cancel)
    {
        _run++;
        _database ??= await createDatabase(cancel);
        var database = _database;
        if (_workers.Count == 0)
        {
            await WarmUpAsync(database, cancel);
        }

        await (toTheEnd ? WarmUpOnOthersAsync(database, cancel) : FillAsync(database, cancel));
        var total = await database.CountPaymentsAsync(cancel);
        Each(worker => worker.Thaw());
        await SetPausedAsync(database, false, cancel);
        try
        {
            return new Run(await WatchAsync(database, total, more, cancel));
        }
        finally
        {
            await RestAsync(database, cancel);
        }
    }

    /// <exception cref="VoidRunException">The books of all runs are wrong.</exception>
    public Task CheckBooksAsync() => _database!.CheckBooksAsync();

    public async ValueTask DisposeAsync()
    {
        await new ServiceGroup(_workers).DisposeAsync();
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }

    private async Task<IEnumerable<(string Name, double Value)>> WatchAsync(
        BenchDatabase database,
        long total,
        Func<BenchDatabase, IReadOnlyList<ServiceProcess>, Task<IEnumerable<(string Name, double Value)>>>? more,
        CancellationToken cancel)
    {
        await Task.Delay(toTheEnd ? TimeSpan.Zero : WarmUpAgain, cancel);
        var cost = await CostMeter.StartAsync(
            context.Server, [.. _workers.Select(worker => ("worker", worker.Process))], cancel);
        var window = await SteadyWindow.MeasureAsync(
            database.CountSettledAsync, total, toTheEnd ? LongestDrain : context.Window, cancel);
        if (toTheEnd && window.Length >= LongestDrain)
        {
            throw new VoidRunException("the queue was not settled to its end within a minute");
        }

        List<(string Name, double Value)> figures =
            [(Rate, window.PerSecond), .. await cost.PerPaymentAsync(window.Counted, cancel)];
        Each(worker => worker.ShouldRun());
        figures.AddRange(more is null ? [] : await more(database, _workers));
        return figures;
    }

    // On a queue of its own, so that the first run finds as many payments as the others, of each kind.
    private async Task WarmUpAsync(BenchDatabase database, CancellationToken cancel)
    {
        await FillAsync(database, cancel);
        _workers = await ProductPrograms.StartWorkersAsync(count, database, cancel, traceAllTo, settings);
        await Task.Delay(BenchContext.WorkerWarmUp, cancel);
        await RestAsync(database, cancel);
    }

    // A queue that is measured to its end is measured from its begin as well: what is settled meanwhile is not its own.
    private async Task WarmUpOnOthersAsync(BenchDatabase database, CancellationToken cancel)
    {
        await database.QueueAsync(shape with { Payments = WarmUpPayments, HotShare = 0 }, -_run, cancel);
        var total = await database.CountPaymentsAsync(cancel);
        Each(worker => worker.Thaw());
        await SetPausedAsync(database, false, cancel);
        await SteadyWindow.MeasureAsync(database.CountSettledAsync, total, LongestDrain, cancel);
        await PauseAsync(database, cancel);
        await FillAsync(database, cancel);
    }

    // What was settled sooner, the hot account's payments or the others', is queued again: the mixture is kept.
    private async Task FillAsync(BenchDatabase database, CancellationToken cancel)
    {
        var open = await database.ScalarAsync<int>(OpenSql, cancel);
        var hot = await database.ScalarAsync<int>(
            OpenSql + " AND payee_account = '" + QueueShape.AccountName(0) + "'", cancel);
        var missing = shape.Payments - open;
        var hotShare = Math.Clamp(((shape.Payments * shape.HotShare) - hot) / Math.Max(1, missing), 0, 1);
        await database.QueueAsync(shape with { Payments = missing, HotShare = hotShare }, _run, cancel);
        database.Disconnect();
    }

    // Frozen only when no worker has a batch in hand: one that woke up behind its lease would settle nothing with it.
    private async Task RestAsync(BenchDatabase database, CancellationToken cancel)
    {
        await PauseAsync(database, cancel);
        await database.FreezeAsync(_workers, cancel);
    }

    private static async Task PauseAsync(BenchDatabase database, CancellationToken cancel)
    {
        await SetPausedAsync(database, true, cancel);
        await Patience.UntilAsync(
            () => database.ScalarAsync<bool>(IsRestingSql, cancel), "a worker did not rest within a minute", cancel);
    }

    private static async Task SetPausedAsync(BenchDatabase database, bool paused, CancellationToken cancel)
    {
        await database.ExecuteAsync(PauseSql, new { paused }, cancel);
        database.Disconnect();
    }

    private void Each(Action<ServiceProcess> act)
    {
        foreach (var worker in _workers)
        {
            act(worker);
        }
    }

    private const string OpenSql = "SELECT count(*) FROM recon_jobs WHERE finished_at IS NULL";

    private const string PauseSql = """
        UPDATE queue_control
        SET paused_at = CASE WHEN @paused THEN clock_timestamp() END, paused_by = CASE WHEN @paused THEN 'bench' END;
        NOTIFY queue_control
        """;

    // A worker says so itself when it has put down its last batch: at its next look, which it is asked for.
    private const string IsRestingSql = """
        SELECT bool_and(paused_since IS NOT NULL)
        FROM workers, pg_notify('queue_control', '')
        """;
}
