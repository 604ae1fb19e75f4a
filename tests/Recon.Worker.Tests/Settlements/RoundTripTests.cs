using Payments.Testing;

namespace Recon.Worker.Tests.Settlements;

public sealed class RoundTripTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    // Claim, locks of jobs and accounts, everything that is written.
    private const int PerBatch = 3;

    [Theory]
    [InlineData(1)]
    [InlineData(800)]
    public async Task A_batch_is_settled_in_as_many_round_trips_however_many_payments_it_holds(int payments)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var worker = new TestWorker(database);
        await QueueAsync(payments);
        await worker.SettleAllAsync(cancel);
        await QueueAsync(payments);

        var trips = await RoundTrips.OfAsync(() => worker.Pass.RunOnceAsync(CancellationToken.None, cancel));

        Assert.Equal(PerBatch, trips);
        Assert.Equal(0, await database.ScalarAsync<int>("SELECT count(*) FROM payments WHERE status = 'pending'"));
    }

    private Task QueueAsync(int payments) => database.QueueAsync(
        [.. Enumerable.Range(0, payments).Select(i => new QueuedPayment($"ACC-{i % 50}", 100 + i))]);
}
