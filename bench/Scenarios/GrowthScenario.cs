using System.Data;
using Dapper;
using Npgsql;
using Payments.Bench.Load;
using Payments.Bench.Measuring;
using Payments.Bench.Product;
using Payments.Bench.Running;

namespace Payments.Bench.Scenarios;

/// <summary>
/// What becomes of the rates and of reads when the tables have grown, and while somebody holds a transaction open from
/// the begin of the run to its end. A separate command: filling the large tables takes minutes.
/// </summary>
internal sealed class GrowthScenario : Scenario
{
    private const int SmallPayments = 100_000;
    private const string CreatedRate = "created/s at 64";
    private const string SettledRate = "settled/s";
    private const string Small = "100,000 settled payments";
    private const string Held = "100,000, a transaction held open";
    private const int Connections = 64;

    // As fast as they can, readers would measure how they share the processors.
    private const int ReadsPerSecond = 200;
    private const int Readers = 16;

    public override string Name => "growth";

    public override int WindowsPerRound => 0;

    public override TimeSpan OverheadPerRound => TimeSpan.Zero;

    public override async Task RunAsync(BenchContext context, CancellationToken cancel)
    {
        var large = FormattableString.Invariant($"{context.Options.LargePayments:#,##0} settled payments");
        await using var small = await CreateAsync(context, SmallPayments, cancel);
        await using var grown = await CreateAsync(context, context.Options.LargePayments, cancel);
        var run = 0;
        var result = await context.CompareAsync("Growth", [
            new Side(Small, token => MeasureCloneAsync(context, small, hold: false, token)),
            new Side(large, token => MeasureAsync(context, grown, ++run, token)),
            new Side(Held, token => MeasureCloneAsync(context, small, hold: true, token)),
        ], cancel);

        foreach (var side in (string[])[large, Held])
        {
            context.Report.Targets.Add(Target.RatioAtLeast(result, side, Small, CreatedRate, 0.8));
            context.Report.Targets.Add(Target.RatioAtLeast(result, side, Small, SettledRate, 0.8));
        }

        foreach (var side in (string[])[Small, large])
        {
            context.Report.Targets.AddRange(
                Reads.Select(read => Target.AtMost(result, side, read.Figure, 5)));
        }
    }

    private static readonly (string Figure, Func<string, Guid, string> PathOf)[] Reads =
    [
        (Read("balance"), (account, _) => $"/accounts/{account}/balance"),
        (Read("payment"), (_, payment) => $"/payments/{payment}"),
        (Read("first ledger page"), (account, _) => $"/api/v1/accounts/{account}/ledger"),
    ];

    private static string Read(string what) => FormattableString.Invariant($"{what} at {ReadsPerSecond}/s p99 ms");

    private static async Task<BenchDatabase> CreateAsync(BenchContext context, int payments, CancellationToken cancel)
    {
        context.Progress.Say(FormattableString.Invariant($"Filling tables with {payments:#,##0} settled payments"));
        var database = await context.Server.CreateAsync(cancel);
        await database.MigrateAsync(cancel);
        await database.AddSettledHistoryAsync(payments, BenchOptions.Accounts, cancel);
        await database.SettleDownAsync(cancel);
        database.Disconnect();
        return database;
    }

    private static async Task<Run> MeasureCloneAsync(
        BenchContext context, BenchDatabase template, bool hold, CancellationToken cancel)
    {
        await using var database = await context.Server.CloneAsync(template, cancel);
        await using var held = hold ? await HoldAsync(database, cancel) : null;
        return await MeasureAsync(context, database, 1, cancel);
    }

    // A snapshot that keeps every row version alive that is written from now on, as a backup's does.
    private static async Task<NpgsqlConnection> HoldAsync(BenchDatabase database, CancellationToken cancel)
    {
        var connection = await database.Watcher.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ");
        await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM accounts");
        return connection;
    }

    /// <param name="run">The large tables are used again: each run's payments have keys of their own.</param>
    private static async Task<Run> MeasureAsync(
        BenchContext context, BenchDatabase database, int run, CancellationToken cancel)
    {
        var figures = new List<(string Name, double Value)>();
        var shape = new QueueShape(context.Options.Payments, BenchOptions.Accounts);
        await database.QueueAsync(shape, run, cancel);
        database.Disconnect();
        await using (var api = await ProductPrograms.StartApiAsync(database, cancel))
        {
            var requests = new CreateRequests(FormattableString.Invariant($"growth-{run}"), BenchOptions.Accounts);
            var created = await new HttpLoad(api.EndPoint, requests, Connections)
                .RunAsync(BenchContext.ServerWarmUp, context.Window, cancel);
            figures.Add((CreatedRate, created.PerSecond));
        }

        await using (var system = await ProductSystem.StartAsync(database, cancel))
        {
            await Task.Delay(BenchContext.WorkerWarmUp, cancel);
            var open = await database.ScalarAsync<long>(
                "SELECT count(*) FROM recon_jobs WHERE finished_at IS NULL", cancel);
            var total = await database.CountSettledAsync(cancel) + open;
            var window = await SteadyWindow.MeasureAsync(database.CountSettledAsync, total, context.Window, cancel);
            figures.Add((SettledRate, window.PerSecond));
            await system.WaitUntilSettledAsync(cancel);
            figures.AddRange(await ReadAsync(database, system.Api, context.Window, cancel));
            system.ShouldRun();
        }

        await database.CheckBooksAsync();
        return new Run(figures);
    }

    private static async Task<IEnumerable<(string Name, double Value)>> ReadAsync(
        BenchDatabase database, ServiceProcess api, TimeSpan length, CancellationToken cancel)
    {
        await using var connection = await database.Watcher.OpenConnectionAsync(cancel);
        var payments = (await connection.QueryAsync<(Guid Id, string Account)>(new CommandDefinition(
            "SELECT id, payee_account FROM payments TABLESAMPLE SYSTEM (1) LIMIT 5000",
            cancellationToken: cancel))).ToList();
        var figures = new List<(string Name, double Value)>();
        foreach (var (figure, pathOf) in Reads)
        {
            var requests = new ReadRequests(payments.ConvertAll(payment => pathOf(payment.Account, payment.Id)));
            await new HttpLoad(api.EndPoint, requests, Readers)
                .RunAsync(BenchContext.WorkerWarmUp, TimeSpan.Zero, cancel);
            var latencies = new Latencies();
            foreach (var latency in await new PacedLoad(api.EndPoint, requests, Readers, ReadsPerSecond)
                .RunAsync(length, cancel))
            {
                latencies.Add(latency);
            }

            figures.Add((figure, latencies.Percentile(0.99)));
        }

        return figures;
    }
}
