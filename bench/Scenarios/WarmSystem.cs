using Payments.Bench.Load;
using Payments.Bench.Measuring;
using Payments.Bench.Product;
using Payments.Bench.Running;

namespace Payments.Bench.Scenarios;

/// <summary>
/// The product on a database of its own, started and warmed up once, as a system in service is. Between its runs it is
/// frozen, so that it takes nothing from the other sides; its tables grow from run to run.
/// </summary>
internal sealed class WarmSystem : IAsyncDisposable
{
    private const int Connections = 64;

    private readonly BenchDatabase _database;
    private readonly ProductSystem _system;
    private int _run;

    private WarmSystem(BenchDatabase database, ProductSystem system) => (_database, _system) = (database, system);

    public static async Task<WarmSystem> StartAsync(BenchContext context, CancellationToken cancel)
    {
        context.Progress.Say("Warming up the product");
        var database = await ProductTemplate.CreateAsync(context.Server, null, cancel);
        var system = await ProductSystem.StartAsync(database, cancel);
        var load = new HttpLoad(
            system.Api.EndPoint, new CreateRequests("warm-up", BenchOptions.Accounts), Connections);
        await load.RunAsync(BenchContext.ServerWarmUp, TimeSpan.Zero, cancel);
        await system.WaitUntilSettledAsync(cancel);
        await system.FreezeAsync(cancel);
        return new WarmSystem(database, system);
    }

    /// <param name="measure">Is told the number of the run, so that its payments have keys of their own.</param>
    /// <exception cref="VoidRunException">A payment was not settled in time.</exception>
    public async Task<Run> MeasureAsync(
        Func<ProductSystem, int, Task<IEnumerable<(string Name, double Value)>>> measure, CancellationToken cancel)
    {
        _run++;
        _system.Thaw();
        try
        {
            return new Run(await measure(_system, _run));
        }
        finally
        {
            // A void run leaves nothing to the next one either.
            await _system.WaitUntilSettledAsync(cancel);
            _system.ShouldRun();
            await _system.FreezeAsync(cancel);
        }
    }

    /// <exception cref="VoidRunException">The books of all runs so far are wrong.</exception>
    public Task CheckBooksAsync() => _database.CheckBooksAsync();

    public async ValueTask DisposeAsync()
    {
        await _system.DisposeAsync();
        await _database.DisposeAsync();
    }
}
