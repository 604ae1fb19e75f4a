using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Payments.Ledger.Audit;
using Payments.Ledger.Jobs;
using Payments.Ledger.Reconciliation;
using Payments.Testing;
using Recon.Worker.Audit;
using Recon.Worker.Duties;
using Recon.Worker.Reconciliation;

namespace Recon.Worker.Tests;

/// <summary>
/// The loops of a process run until it ends: one that gives up would end it, and with it everything that it does. A
/// connection that is found broken gives another exception than a database that is away.
/// </summary>
public sealed class LoopTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Signals_go_on_being_sent()
    {
        var logger = new SignalLogger<Notifier>();
        using var notifier = new Notifier(
            await ClosedAsync(), "channel", TimeSpan.FromMilliseconds(1), TimeProvider.System, logger);
        notifier.Signal();

        await ShouldGoOnAsync(notifier, logger.Logged);
    }

    [Fact]
    public async Task Duties_go_on_being_taken()
    {
        var logger = new SignalLogger<DutyLoop>();
        await using var sessions = new DutySessions(await ClosedAsync());
        var options = new DutyOptions();
        var held = new HeldDuties(sessions, WorkerIdentity.Create(TimeProvider.System), options, new Random(1));
        var run = new RunDuty(held, options, TimeProvider.System, NullLogger<RunDuty>.Instance);
        using var loop = new DutyLoop(held, run, [], options, logger);

        await ShouldGoOnAsync(loop, logger.Logged);
    }

    [Fact]
    public async Task Slots_go_on_being_given_out()
    {
        var logger = new SignalLogger<ReconciliationScheduler>();
        await using var sessions = new DutySessions(await ClosedAsync());
        using var scheduler = new ReconciliationScheduler(
            sessions, new ReconciliationOptions(), TimeProvider.System, logger);

        await ShouldGoOnAsync(scheduler, logger.Logged);
    }

    [Fact]
    public async Task Events_go_on_being_sealed()
    {
        var logger = new SignalLogger<AuditSealer>();
        var options = new AuditOptions { CheckpointDirectory = "unused" };
        var seal = new SealAudit(
            await ClosedAsync(), options, null, TimeProvider.System, NullLogger<SealAudit>.Instance);
        using var sealer = new AuditSealer(seal, options, TimeProvider.System, logger);

        await ShouldGoOnAsync(sealer, logger.Logged);
    }

    private static async Task ShouldGoOnAsync(BackgroundService loop, Task logged)
    {
        await loop.StartAsync(Cancel);

        await logged.WaitAsync(Patience, Cancel);
        Assert.False(loop.ExecuteTask!.IsCompleted);
        await loop.StopAsync(Cancel);
    }

    // Asked for a connection it says that it is disposed, which is no exception of the database's.
    private async Task<NpgsqlDataSource> ClosedAsync()
    {
        var source = NpgsqlDataSource.Create(database.AppConnectionString);
        await source.DisposeAsync();
        return source;
    }
}
