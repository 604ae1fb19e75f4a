using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>
/// One run of an AppHost's own entry point, on a thread of this process. It is held where it builds, until the test has
/// changed the description, and where it starts, until the test says so; between them its own code runs as ever.
/// </summary>
internal sealed class EntryPointRun(
    Assembly appHost,
    string[] args,
    Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configure)
    : EntryPointObserver, IAsyncDisposable
{
    // Longer than the whole orderly stop. An entry point that does more after it has the rest.
    private static readonly TimeSpan EndTimeLimit = TimeSpan.FromMinutes(1);

    private readonly TaskCompletionSource<DistributedApplicationBuilder> _described = new(Asynchronously);
    private readonly TaskCompletionSource _mayBuild = new(Asynchronously);
    private readonly TaskCompletionSource<IServiceProvider> _built = new(Asynchronously);
    private readonly TaskCompletionSource _mayStart = new(Asynchronously);
    private readonly TaskCompletionSource _started = new(Asynchronously);
    private readonly TaskCompletionSource _ended = new(Asynchronously);
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new();
    private ObservedHost? _host;
    private Task? _end;
    private Exception? _failure;

    private const TaskCreationOptions Asynchronously = TaskCreationOptions.RunContinuationsAsynchronously;

    /// <summary>Returns when the entry point is about to build.</summary>
    public Task<DistributedApplicationBuilder> CreateAsync(CancellationToken cancel)
    {
        var entryPoint = appHost.EntryPoint
            ?? throw new InvalidOperationException($"Assembly '{appHost.GetName().Name}' has no entry point.");

        // In the background: an entry point that never ends must not keep the process.
        new Thread(() => Run(entryPoint)) { IsBackground = true, Name = $"{appHost.GetName().Name}.Main" }.Start();
        return _described.Task.WaitAsync(cancel);
    }

    public Task<IServiceProvider> BuildAsync(CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_ending.IsCancellationRequested, this);
        _mayBuild.TrySetResult();
        return _built.Task.WaitAsync(cancel);
    }

    public async Task StartAsync(CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_ending.IsCancellationRequested, this);
        _mayStart.TrySetResult();

        try
        {
            await _started.Task.WaitAsync(cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // A start that nobody waits for any more is abandoned.
            await _ending.CancelAsync();
            throw;
        }
    }

    /// <summary>Ends the application and the entry point. What went wrong on the way is thrown once.</summary>
    public async Task StopAsync(CancellationToken cancel)
    {
        lock (_lock)
        {
            _end ??= EndAsync();
        }

        await _end.WaitAsync(cancel);

        if (Interlocked.Exchange(ref _failure, value: null) is { } failure)
        {
            throw new DistributedApplicationException($"The AppHost failed: {failure.Message}", failure);
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    public override void OnConstructing(
        DistributedApplicationOptions options, HostApplicationBuilderSettings settings) =>
        TestingDefaults.Apply(appHost, args, options, settings, configure);

    public override void OnBuilding(DistributedApplicationBuilder builder)
    {
        // Signals belong to the test runner: a host that caught them would outlive an interrupted test run.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddHttpClient();
        builder.Services.ConfigureHttpClientDefaults(client => client.AddStandardResilienceHandler());

        _described.TrySetResult(builder);
        _mayBuild.Task.WaitAsync(_ending.Token).GetAwaiter().GetResult();
    }

    public override IHost OnBuilt(IHost host)
    {
        _host = new(host, this);
        _built.TrySetResult(host.Services);
        return _host;
    }

    private void Run(MethodInfo entryPoint)
    {
        Current = this;

        try
        {
            var parameters = entryPoint.GetParameters().Length == 0 ? Array.Empty<object>() : [args];
            entryPoint.Invoke(null, BindingFlags.DoNotWrapExceptions, binder: null, parameters, culture: null);
            EndWaiting(new InvalidOperationException("The entry point ended, and has not started the application."));
        }
        // The thread has no caller: what it throws belongs to the test, which waits for it elsewhere.
        catch (Exception e)
        {
            Fail(e);
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    private void Fail(Exception error)
    {
        var isAskedFor = error is OperationCanceledException && _ending.IsCancellationRequested;

        // Nobody waits any more: kept for the one who stops or disposes.
        if (_started.Task.IsCompletedSuccessfully && !isAskedFor)
        {
            _failure = error;
        }

        EndWaiting(error);
    }

    private void EndWaiting(Exception error)
    {
        _described.TrySetException(error);
        _built.TrySetException(error);
        _started.TrySetException(error);
    }

    private async Task EndAsync()
    {
        await _ending.CancelAsync();

        // It may be anywhere in its own code; when it comes to build, it will be told.
        if (!_described.Task.IsCompleted)
        {
            return;
        }

        _host?.RequestStop();
        await _ended.Task.WaitAsync(EndTimeLimit);

        // An entry point that starts its application and returns leaves the end to us.
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }
    }

    /// <summary>The application's own host, started when the test says so.</summary>
    private sealed class ObservedHost(IHost inner, EntryPointRun run) : IHost, IAsyncDisposable
    {
        private readonly IHostApplicationLifetime _lifetime =
            inner.Services.GetRequiredService<IHostApplicationLifetime>();

        private int _disposed;

        public IServiceProvider Services => inner.Services;

        public async Task StartAsync(CancellationToken cancellationToken = default)
        {
            using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(
                cancellationToken, run._ending.Token);

            try
            {
                await run._mayStart.Task.WaitAsync(abandoned.Token);
                await inner.StartAsync(abandoned.Token);
                run._started.TrySetResult();
            }
            catch (Exception e)
            {
                run.Fail(e);
                throw;
            }
        }

        public Task StopAsync(CancellationToken cancellationToken = default) => inner.StopAsync(cancellationToken);

        public void RequestStop() => _lifetime.StopApplication();

        public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

        public async ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                await inner.StopAsync();
                await ((IAsyncDisposable)inner).DisposeAsync();
            }
        }
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
