using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Payments.Testing;
using Recon.Worker.Jobs;

namespace Recon.Worker.Tests.Jobs;

public sealed class HeartbeatTests : IAsyncLifetime
{
    private readonly TestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    // Npgsql says so by this exception alone when a process opens its first connections on a machine that is busy.
    [Fact]
    public async Task A_worker_whose_first_connection_takes_too_long_lives_and_beats_again()
    {
        var opened = 0;
        var source = new NpgsqlDataSourceBuilder(_database.AppConnectionString);
        source.UsePhysicalConnectionInitializer(
            _ => { },
            _ => Interlocked.Increment(ref opened) == 1 ? throw new TimeoutException() : Task.CompletedTask);
        await using var sessions = source.Build();
        var identity = WorkerIdentity.Create(TimeProvider.System);
        using var heartbeat = new Heartbeat(
            sessions, identity, new WorkerOptions { HeartbeatSeconds = 0.1 }, TimeProvider.System,
            NullLogger<Heartbeat>.Instance);

        await heartbeat.StartAsync(Cancel);
        await _database.UntilAsync("SELECT EXISTS (SELECT FROM workers)");

        Assert.False(heartbeat.ExecuteTask!.IsCompleted);
        await heartbeat.StopAsync(Cancel);
        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM workers"));
    }
}
