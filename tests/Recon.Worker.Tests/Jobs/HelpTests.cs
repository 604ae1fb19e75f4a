using Payments.Ledger.Jobs;
using Payments.Testing;
using Recon.Worker.Jobs;
using Recon.Worker.Settlements;

namespace Recon.Worker.Tests.Jobs;

public sealed class HelpTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_without_work_settles_all_that_another_leaves_without_waiting_for_polls()
    {
        await using var idle = new TestWorker(database, options => (options.BatchSize, options.PollSeconds) = (10, 60));
        await using var absent = new TestWorker(database);
        await idle.Heartbeat.BeatAsync(Cancel);
        await absent.Heartbeat.BeatAsync(Cancel);
        await idle.Heartbeat.BeatAsync(Cancel);
        Assert.Equal(new WorkerShare(0, 2), idle.Heartbeat.Share);
        var others = Enumerable.Range(0, 1_000).Select(i => $"ACC-{i}").Where(name => Division.Of(name) % 2 == 1);
        await database.QueueAsync([.. others.Take(50).Select(name => new QueuedPayment(name, 100))]);

        var outcomes = new List<PassOutcome>();
        for (var pass = 0; pass < 6; pass++)
        {
            outcomes.Add(await idle.Pass.RunOnceAsync(CancellationToken.None, Cancel));
        }

        Assert.Equal([.. Enumerable.Repeat(PassOutcome.Settled, 5), PassOutcome.Idle], outcomes);
        await Books.ShouldBeRightAsync(database);
    }
}
