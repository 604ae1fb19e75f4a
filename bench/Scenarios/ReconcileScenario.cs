using System.Globalization;
using Payments.Bench.Measuring;
using Payments.Bench.Product;
using Payments.Bench.Running;

namespace Payments.Bench.Scenarios;

/// <summary>
/// What checking the books costs: settlement beside a million entries without it, with it, and while everything is
/// checked all the time; and how long checking everything takes, with nothing else to do. All of the entries have been
/// checked once before, as in a system in service: continuous checking looks at what is new, and its sweep over
/// everything, which takes a twentieth of the time, costs then what checking all the time does.
/// </summary>
internal sealed class ReconcileScenario : Scenario
{
    private const int SettledPayments = 500_000;
    private const string Rate = WarmWorkers.Rate;
    private const string Alone = "settlement alone";
    private const string Continuous = "with continuous checking";
    private const string Full = "with one full check after the other";
    private const string Idle = "a full check alone";
    private const string Duration = "s for a million entries";
    private const string Memory = "worker's memory at its peak, MiB";
    private const string SweepEndSql = "SELECT sweep_ended_at FROM continuous_checks";

    private static readonly TimeSpan LookDelay = TimeSpan.FromMilliseconds(100);

    private static readonly (string Name, string Value)[] Off = [("ContinuousChecking__Enabled", "false")];

    private static readonly (string Name, string Value)[] AllTheTime =
    [
        ("ContinuousChecking__SweepShare", "1"),
        ("ContinuousChecking__SweepSeconds", "0.05"),
    ];

    public override string Name => "reconcile";

    public override int WindowsPerRound => 3;

    public override TimeSpan OverheadPerRound => TimeSpan.FromSeconds(80);

    public override async Task RunAsync(BenchContext context, CancellationToken cancel)
    {
        context.Progress.Say("Filling tables with a million entries, and queueing payments");
        await using var template = await context.Server.CreateAsync(cancel);
        await template.MigrateAsync(cancel);
        await template.AddSettledHistoryAsync(SettledPayments, BenchOptions.Accounts, cancel);
        await template.SettleDownAsync(cancel);
        await using (new ServiceGroup(await ProductPrograms.StartWorkersAsync(1, template, cancel)))
        {
            await WaitForSweepAsync(template, cancel);
        }

        template.Disconnect();

        var shape = new QueueShape(context.Options.Payments, BenchOptions.Accounts);
        await using var alone = new WarmWorkers(context, Clone, shape, 2, settings: Off);
        await using var continuous = new WarmWorkers(context, Clone, shape, 2);
        await using var full = new WarmWorkers(context, Clone, shape, 2, settings: AllTheTime);
        var result = await context.CompareAsync("Checking the books", [
            new Side(Alone, token => alone.MeasureAsync(ReadAsync, token), alone.CheckBooksAsync),
            new Side(Continuous, token => continuous.MeasureAsync(ReadAsync, token), continuous.CheckBooksAsync),
            new Side(Full, token => full.MeasureAsync(ReadAsync, token), full.CheckBooksAsync),
            new Side(Idle, token => CheckAsync(context, template, token)),
        ], cancel);

        Task<BenchDatabase> Clone(CancellationToken token) => CloneAsync(context.Server, template, token);

        context.Report.Targets.AddRange([
            Target.RatioAtLeast(result, Continuous, Alone, Rate, 0.95),
            Target.RatioAtLeast(result, Full, Alone, Rate, 0.9),
            Target.AtMost(result, Idle, Duration, 60),
        ]);
    }

    // The statistics of a copy begin at zero, which would look as if rows had been changed. And the sweep that the
    // template's worker made has just ended, however long ago that was, and none is wanted: its first pass asked for
    // one while that was under way.
    private static async Task<BenchDatabase> CloneAsync(
        BenchServer server, BenchDatabase template, CancellationToken cancel)
    {
        var database = await server.CloneAsync(template, cancel);
        await database.ExecuteAsync(
            """
            UPDATE continuous_checks
            SET changes = 0, sweep_wanted_at = sweep_started_at, sweep_ended_at = clock_timestamp()
            """,
            null,
            cancel);
        return database;
    }

    private static async Task<IEnumerable<(string Name, double Value)>> ReadAsync(
        BenchDatabase database, IReadOnlyList<ServiceProcess> workers) =>
    [
        (Memory, workers.Max(PeakMebibytes)),
        ("new entries checked", await database.ScalarAsync<long>(
            "SELECT entries_checked FROM continuous_checks", CancellationToken.None)),
    ];

    private static async Task<Run> CheckAsync(
        BenchContext context, BenchDatabase template, CancellationToken cancel)
    {
        await using var database = await context.Server.CloneAsync(template, cancel);
        var workers = await ProductPrograms.StartWorkersAsync(1, database, cancel, null, AllTheTime);
        await using var group = new ServiceGroup(workers);

        // The first one finds the machine cold: the second counts.
        await WaitForSweepAsync(database, cancel);
        await WaitForSweepAsync(database, cancel);
        var milliseconds = await database.ScalarAsync<long>(
            "SELECT sweep_milliseconds FROM continuous_checks", cancel);
        var found = await database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_exceptions", cancel);
        return found == 0
            ? new Run((Duration, milliseconds / 1000d), (Memory, PeakMebibytes(workers[0])))
            : throw new VoidRunException($"{found} breaks were found in clean books");
    }

    private static async Task WaitForSweepAsync(BenchDatabase database, CancellationToken cancel)
    {
        var before = await database.ScalarAsync<DateTime?>(SweepEndSql, cancel);
        while (await database.ScalarAsync<DateTime?>(SweepEndSql, cancel) == before)
        {
            await Task.Delay(LookDelay, cancel);
        }
    }

    // As the kernel tells it: VmHWM, in kilobytes.
    private static double PeakMebibytes(ServiceProcess service)
    {
        var line = File.ReadLines(FormattableString.Invariant($"/proc/{service.Process.Id}/status"))
            .First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(
            line.AsSpan("VmHWM:".Length, line.Length - "VmHWM:".Length - "kB".Length).Trim(),
            CultureInfo.InvariantCulture) / 1024d;
    }
}
