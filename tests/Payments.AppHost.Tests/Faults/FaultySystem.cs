using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Payments.Testing;

namespace Payments.AppHost.Tests.Faults;

/// <summary>The whole system with a short lease, for one class of tests that break parts of it and mend them.</summary>
public sealed class FaultySystem : IAsyncLifetime
{
    /// <summary>Short, so that a test can outlast it; still many times what a batch takes.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LookDelay = TimeSpan.FromMilliseconds(20);

    private IDistributedApplicationTestingBuilder _builder = null!;

    public DistributedApplication App { get; private set; } = null!;

    /// <summary>Connects as the server's superuser, and is patient while the server is away.</summary>
    public NpgsqlDataSource Superuser { get; private set; } = null!;

    /// <summary>Reaches the API without retries of its own; a try takes three seconds at the most.</summary>
    public HttpClient Api { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var cancel = TestContext.Current.CancellationToken;
        _builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Payments_AppHost>(cancel);
        _builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        _builder.CreateResourceBuilder<ProjectResource>("worker")
            .WithEnvironment("Worker__LeaseSeconds", $"{Lease.TotalSeconds}");
        App = await _builder.BuildAsync(cancel);
        await App.StartAsync(cancel);
        await HealthyAsync("api");
        await HealthyAsync("worker");
        Superuser = NpgsqlDataSource.Create((await App.GetConnectionStringAsync("payments", cancel))!);
        Api = new HttpClient { BaseAddress = App.GetEndpoint("api", "http"), Timeout = TimeSpan.FromSeconds(3) };
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await Superuser.DisposeAsync();
        await App.DisposeAsync();
        await _builder.DisposeAsync();
    }

    public Task HealthyAsync(string resource) =>
        App.ResourceNotifications.WaitForResourceHealthyAsync(resource).WaitAsync(Patience);

    /// <summary>The replica of a resource that runs as this process.</summary>
    public async Task<string> ReplicaAsync(string resource, int pid) =>
        (await App.ResourceNotifications.WaitForResourceAsync(
            resource, update => PidOf(update) == pid).WaitAsync(Patience)).ResourceId;

    /// <summary>The process of a resource that has one replica, once it runs.</summary>
    public async Task<(string Replica, int Pid)> ProcessAsync(string resource)
    {
        var running = await App.ResourceNotifications.WaitForResourceAsync(
            resource, update => PidOf(update) is not null).WaitAsync(Patience);
        return (running.ResourceId, PidOf(running)!.Value);
    }

    /// <summary>Starts a replica again whose process was killed, and waits until its resource is healthy.</summary>
    public async Task StartAgainAsync(string resource, string replica)
    {
        await App.ResourceNotifications.WaitForResourceAsync(
            replica, update => KnownResourceStates.TerminalStates.Contains(update.Snapshot.State?.Text))
            .WaitAsync(Patience);
        await CommandAsync(replica, KnownResourceCommands.StartCommand);
        await HealthyAsync(resource);
    }

    public async Task CommandAsync(string resource, string command)
    {
        var result = await App.ResourceCommands.ExecuteCommandAsync(resource, command);
        Assert.True(result.Success, result.Message);
    }

    /// <summary>One value, read as the superuser; while the server is away, it is waited for.</summary>
    public Task<T> ReadAsync<T>(string sql, object? parameters = null) => UntilAsync<T>(sql, parameters, _ => true);

    /// <summary>Looks until the statement, run as the superuser, gives a value that is wanted.</summary>
    /// <exception cref="TimeoutException">It gives none within a minute.</exception>
    public async Task<T> UntilAsync<T>(string sql, object? parameters, Predicate<T?> isWanted)
    {
        var started = TimeProvider.System.GetTimestamp();

        while (true)
        {
            var (answered, value) = await TryReadAsync<T>(sql, parameters);

            if (answered && isWanted(value))
            {
                return value!;
            }

            if (TimeProvider.System.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException($"Still '{value}' after {Patience.TotalSeconds} s: {sql}");
            }

            await Task.Delay(LookDelay);
        }
    }

    public Task AllSettledAsync() =>
        UntilAsync<long>("SELECT count(*) FROM payments WHERE status = 'pending'", null, count => count == 0);

    public async Task BooksAreRightAsync()
    {
        await Books.ShouldBeRightAsync(Superuser);
        Assert.Equal(0, await ReadAsync<long>("SELECT count(*) FROM recon_jobs WHERE buried_at IS NOT NULL"));
    }

    private async Task<(bool Answered, T? Value)> TryReadAsync<T>(string sql, object? parameters)
    {
        try
        {
            await using var connection = await Superuser.OpenConnectionAsync();
            return (true, await connection.ExecuteScalarAsync<T>(sql, parameters));
        }
        catch (NpgsqlException)
        {
            return (false, default);
        }
    }

    private static int? PidOf(ResourceEvent update) => update.Snapshot.State?.Text == KnownResourceStates.Running
        ? update.Snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value as int?
        : null;
}
