using Payments.Bench.Running;

namespace Payments.Bench.Product;

/// <summary>
/// The API and the workers on a database of their own: the system as the AppHost starts it, without the UI.
/// </summary>
internal sealed class ProductSystem : IAsyncDisposable
{
    /// <summary>As many workers as the AppHost starts.</summary>
    public const int WorkerCount = 2;

    private readonly ServiceGroup _group;

    private ProductSystem(BenchDatabase database, ServiceProcess api, IReadOnlyList<ServiceProcess> workers)
    {
        Database = database;
        Api = api;
        Workers = workers;
        _group = new ServiceGroup([api, .. workers]);
    }

    public BenchDatabase Database { get; }

    public ServiceProcess Api { get; }

    public IReadOnlyList<ServiceProcess> Workers { get; }

    /// <summary>All processes with what they are.</summary>
    public IReadOnlyList<(string Role, ChildProcess Process)> Roles =>
        [("api", Api.Process), .. Workers.Select(worker => ("worker", worker.Process))];

    public static async Task<ProductSystem> StartAsync(BenchDatabase database, CancellationToken cancel)
    {
        var api = await ProductPrograms.StartApiAsync(database, cancel);
        try
        {
            return new ProductSystem(
                database, api, await ProductPrograms.StartWorkersAsync(WorkerCount, database, cancel));
        }
        catch
        {
            await api.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops all processes where they are, until <see cref="Thaw"/>.</summary>
    public Task FreezeAsync(CancellationToken cancel) => Database.FreezeAsync([.. Workers, Api], cancel);

    public void Thaw()
    {
        foreach (var service in Workers.Append(Api))
        {
            service.Thaw();
        }
    }

    /// <summary>Commands and batches that all processes have sent to the database so far.</summary>
    public async Task<long> CountCommandsAsync(CancellationToken cancel)
    {
        var counts = await Task.WhenAll(
            Workers.Append(Api).Select(service => service.CountCommandsAsync(cancel)));
        return counts.Sum();
    }

    /// <exception cref="Measuring.VoidRunException">One of the processes ended by itself.</exception>
    public void ShouldRun()
    {
        foreach (var service in Workers.Append(Api))
        {
            service.ShouldRun();
        }
    }

    /// <summary>Waits until no job is open.</summary>
    /// <exception cref="Measuring.VoidRunException">It takes more than a minute.</exception>
    public Task WaitUntilSettledAsync(CancellationToken cancel) => Measuring.Patience.UntilAsync(
        () => Database.ScalarAsync<bool>(
            "SELECT NOT EXISTS (SELECT FROM recon_jobs WHERE finished_at IS NULL)", cancel),
        "payments were left unsettled for a minute",
        cancel);

    public ValueTask DisposeAsync() => _group.DisposeAsync();
}
