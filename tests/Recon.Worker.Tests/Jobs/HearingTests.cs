using Microsoft.Extensions.Logging.Abstractions;
using Payments.Testing;
using Recon.Worker.Jobs;

namespace Recon.Worker.Tests.Jobs;

public sealed class HearingTests : IAsyncLifetime
{
    private readonly TestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_worker_listens_to_everything_in_one_session()
    {
        await using var worker = new WorkerProcess(_database);
        worker.CreateClient().Dispose();
        var payment = new QueuedPayment("ACC-HEARD", 100);
        await worker.PayAsync(payment);
        await worker.WaitUntilSettledAsync(payment);

        Assert.Equal(1, await _database.ScalarAsync<long>("""
            SELECT count(*)
            FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE 'Recon.Worker%' AND query LIKE 'LISTEN %'
            """));
    }

    [Fact]
    public async Task What_is_said_on_a_channel_is_told_to_its_parts_alone()
    {
        using var one = new Part("one");
        using var alsoOne = new Part("one");
        using var two = new Part("two");
        using var hearing = new Hearing(
            _database.App, [one, alsoOne, two], TimeProvider.System, NullLogger<Hearing>.Instance);

        // Whatever was said before it listened is unknown, so all are told that it listens now.
        await hearing.StartAsync(Cancel);
        await one.HeardAsync();
        await alsoOne.HeardAsync();
        await two.HeardAsync();

        await _database.ExecuteAsync("NOTIFY one");
        await one.HeardAsync();
        await alsoOne.HeardAsync();
        await _database.ExecuteAsync("NOTIFY two");
        await two.HeardAsync();

        Assert.Equal((2, 2, 2), (one.Times, alsoOne.Times, two.Times));
        await hearing.StopAsync(Cancel);
    }

    private sealed class Part(string channel) : IHears, IDisposable
    {
        private readonly SemaphoreSlim _heard = new(0);
        private int _times;

        public string Channel => channel;

        public int Times => _times;

        public void Hear()
        {
            Interlocked.Increment(ref _times);
            _heard.Release();
        }

        public Task HeardAsync() => _heard.WaitAsync(Cancel);

        public void Dispose() => _heard.Dispose();
    }
}
