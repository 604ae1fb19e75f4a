using Aspire.Hosting.Postgres.Native;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>
/// The data directory of a server without a kept volume: made at the server's first start, the same at each later one,
/// deleted when the application ends. A hosted service, so that the application's host disposes it after all else.
/// </summary>
internal sealed class ThrowawayVolume : IHostedService, IAsyncDisposable
{
    private readonly SemaphoreSlim _lock = new(1);
    private ThrowawayDirectory? _directory;

    public async Task<string> OpenAsync(NativePostgres programs, CancellationToken cancel)
    {
        await _lock.WaitAsync(cancel);

        try
        {
            _directory ??= await programs.MakeThrowawayAsync(cancel);
            return _directory.Path;
        }
        finally
        {
            _lock.Release();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_directory is not null)
        {
            await _directory.DisposeAsync();
        }

        _lock.Dispose();
    }
}
