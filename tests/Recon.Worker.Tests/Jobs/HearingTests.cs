using System.Threading.Channels;
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
        var told = Channel.CreateUnbounded<string>();
        Part[] parts = [new("one", "first", told), new("two", "other", told), new("one", "second", told)];
        using var hearing = new Hearing(_database.App, parts, TimeProvider.System, NullLogger<Hearing>.Instance);

        // Whatever was said before it listened is unknown, so all are told that it listens now.
        await hearing.StartAsync(Cancel);
        Assert.Equal(["first", "other", "second"], (await NextAsync(told, 3)).Order());

        // All that is said comes in its order. Each channel speaks twice, so that what the first notice would tell to
        // a wrong part comes before what the second one tells.
        await _database.ExecuteAsync("NOTIFY two");
        await _database.ExecuteAsync("NOTIFY two");
        await _database.ExecuteAsync("NOTIFY one");
        await _database.ExecuteAsync("NOTIFY one");

        Assert.Equal(["other", "other", "first", "second", "first", "second"], await NextAsync(told, 6));
        await hearing.StopAsync(Cancel);
    }

    private static async Task<IReadOnlyList<string>> NextAsync(Channel<string> told, int count)
    {
        var next = new List<string>();
        while (next.Count < count)
        {
            next.Add(await told.Reader.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromMinutes(1), Cancel));
        }

        return next;
    }

    private sealed class Part(string channel, string name, Channel<string> told) : IHears
    {
        public string Channel => channel;

        public void Hear() => Assert.True(told.Writer.TryWrite(name));
    }
}
