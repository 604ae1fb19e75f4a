using System.Collections.Concurrent;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Payments.Ledger;

namespace Payments.AppHost.Tests;

/// <summary>One process of a resource, as it is now.</summary>
/// <param name="Pid">Zero when it does not run.</param>
public sealed record Replica(string Name, int Pid, CustomResourceSnapshot Snapshot);

/// <summary>
/// The whole system, as the AppHost describes it, started for tests: on random ports, with data of its own that end
/// with it. Several may run at once.
/// </summary>
public sealed class PaymentsApplication : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, ResourceEvent> _seen = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<(string Resource, string State)> _states = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly TestOutputLogger _log;
    private readonly Task _watching;
    private bool _isDisposed;

    private PaymentsApplication(DistributedApplication app, TestOutputLogger log)
    {
        App = app;
        _log = log;
        _watching = WatchAsync(app.ResourceNotifications);
    }

    public DistributedApplication App { get; }

    /// <summary>Reaches the API through the port that its replicas share; tries again what fails.</summary>
    public HttpClient Api { get; private set; } = null!;

    /// <summary>As <see cref="Api"/>, for the screens.</summary>
    public HttpClient Web { get; private set; } = null!;

    /// <summary>The database, as the server's superuser.</summary>
    public NpgsqlDataSource Superuser { get; private set; } = null!;

    /// <summary>Every state that a replica of a resource came to, in the order of the events.</summary>
    public IReadOnlyList<(string Resource, string State)> States => [.. _states];

    /// <summary>Returns when every service is healthy.</summary>
    /// <param name="arguments">Settings of the AppHost, as <c>KEY=VALUE</c>.</param>
    /// <param name="configure">May change what the AppHost describes.</param>
    /// <exception cref="InvalidOperationException">It did not come up; the message has its last lines.</exception>
    public static async Task<PaymentsApplication> StartAsync(
        IEnumerable<string>? arguments = null, Action<IDistributedApplicationTestingBuilder>? configure = null)
    {
        var log = new TestOutputLogger();
        using var limit = new CancellationTokenSource(StartTimeLimit);
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Payments_AppHost>(
            [.. arguments ?? []], limit.Token);

        // From here on the application owns what it started, so that a failure ends all of it.
        try
        {
            builder.Services.AddLogging(logging => logging.ClearProviders().AddProvider(log));
            configure?.Invoke(builder);
            var application = new PaymentsApplication(await builder.BuildAsync(limit.Token), log);
            await application.StartAsync(limit.Token);
            return application;
        }
        catch (Exception e)
        {
            await builder.DisposeAsync();
            throw new InvalidOperationException($"The application did not come up: {e.Message}\n{log.Tail}", e);
        }
    }

    /// <summary>A client that sends each request once.</summary>
    public HttpClient PlainClient(string resource, TimeSpan? timeout = null) => new()
    {
        BaseAddress = App.GetEndpoint(resource),
        Timeout = timeout ?? TimeSpan.FromSeconds(30),
    };

    /// <summary>The processes of a resource that the AppHost has named so far, in the order of their names.</summary>
    public IReadOnlyList<Replica> Replicas(string resource)
    {
        var names = _seen.Values.Where(update => update.Resource.Name == resource).Select(update => update.ResourceId);
        return [.. names.Order(StringComparer.Ordinal).Select(Now)];

        // The notifications know it first; what this class has seen may lag behind by a moment.
        Replica Now(string name)
        {
            var snapshot = App.ResourceNotifications.TryGetCurrentState(name, out var update)
                ? update.Snapshot
                : _seen[name].Snapshot;
            var isRunning = snapshot.State?.Text == KnownResourceStates.Running;
            return new(name, isRunning ? snapshot.Property("executable.pid") as int? ?? 0 : 0, snapshot);
        }
    }

    /// <summary>Gives a command (start, stop, restart or one of the AppHost's own) to every replica.</summary>
    public async Task CommandAsync(string resource, string command, CancellationToken cancel)
    {
        var model = Replicas(resource) is [var first, ..]
            ? _seen[first.Name].Resource
            : throw new ArgumentException($"There is no resource '{resource}'.", nameof(resource));
        var result = await App.ResourceCommands.ExecuteCommandAsync(model, command, cancel);
        Assert.True(result.Success, $"{command} {resource}: {result.Message}");
    }

    /// <summary>Gives a command to one replica.</summary>
    public async Task CommandAsync(Replica replica, string command, CancellationToken cancel)
    {
        var result = await App.ResourceCommands.ExecuteCommandAsync(replica.Name, command, cancel);
        Assert.True(result.Success, $"{command} {replica.Name}: {result.Message}");
    }

    /// <summary>
    /// Waits until the ledger says of the payment that it is not pending any more; throws when it tells of no change
    /// for a minute.
    /// </summary>
    public async Task WaitUntilSettledAsync(Guid payment, CancellationToken cancel)
    {
        await using var connection = await Superuser.OpenConnectionAsync(cancel);
        await using var listen = new NpgsqlCommand($"LISTEN {Database.ChangesChannel}", connection);
        await listen.ExecuteNonQueryAsync(cancel);
        await using var look = new NpgsqlCommand("SELECT status FROM payments WHERE id = $1", connection)
        {
            Parameters = { new() { Value = payment } },
        };

        while (await look.ExecuteScalarAsync(cancel) is "pending")
        {
            if (!await connection.WaitAsync(SilenceLimit, cancel))
            {
                throw new TimeoutException($"Payment {payment} is still pending.");
            }
        }
    }

    /// <summary>Sends what the AppHost and its resources write to a test's output, until disposed.</summary>
    public IDisposable WriteLogsTo(ITestOutputHelper output) => _log.WriteTo(output);

    /// <summary>
    /// Waits for a line, from now on, that the AppHost logs; each begins with its category, which for the output of a
    /// resource is <c>Payments.AppHost.Resources.resource</c>.
    /// </summary>
    public Task<string> WaitForLineAsync(Func<string, bool> isAwaited, CancellationToken cancel) =>
        _log.WaitAsync(isAwaited, cancel);

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        await _stopping.CancelAsync();
        await _watching;

        if (Superuser is not null)
        {
            await Superuser.DisposeAsync();
        }

        await App.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task StartAsync(CancellationToken cancel)
    {
        await App.StartAsync(cancel);
        Api = App.CreateHttpClient("api");
        Web = App.CreateHttpClient("web");
        Superuser = NpgsqlDataSource.Create((await App.GetConnectionStringAsync("payments", cancel))!);

        foreach (var resource in (string[])["api", "providers", "worker", "web"])
        {
            await App.ResourceNotifications.WaitForResourceHealthyAsync(resource, cancel);
        }
    }

    private async Task WatchAsync(ResourceNotificationService notifications)
    {
        try
        {
            await foreach (var update in notifications.WatchAsync(_stopping.Token))
            {
                var state = update.Snapshot.State?.Text;

                if (state is not null && state != _seen.GetValueOrDefault(update.ResourceId)?.Snapshot.State?.Text)
                {
                    _states.Enqueue((update.Resource.Name, state));
                }

                _seen[update.ResourceId] = update;
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The application ends.
        }
    }
}

public static class ResourceSnapshotProperties
{
    /// <summary>A value that the dashboard shows of a resource, such as <c>executable.pid</c>.</summary>
    public static object? Property(this CustomResourceSnapshot snapshot, string name) =>
        snapshot.Properties.FirstOrDefault(property => property.Name == name)?.Value;

    public static string? Variable(this CustomResourceSnapshot snapshot, string name) =>
        snapshot.EnvironmentVariables.FirstOrDefault(variable => variable.Name == name)?.Value;
}
