using System.Net;
using Payments.Bench.Load;
using Payments.Bench.Measuring;
using Payments.Bench.Product;
using Payments.Bench.Running;

namespace Payments.Bench.Scenarios;

/// <summary>
/// The API alone on a database of its own, started and warmed up once and frozen between its runs: see
/// <see cref="WarmSystem"/>.
/// </summary>
internal sealed class WarmApi : IAsyncDisposable
{
    private const int Connections = 64;

    private readonly BenchDatabase _database;
    private readonly ServiceProcess _api;
    private readonly bool _withDatabase;
    private int _run;

    private WarmApi(BenchDatabase database, ServiceProcess api, bool withDatabase) =>
        (_database, _api, _withDatabase) = (database, api, withDatabase);

    /// <param name="withDatabase">False leaves the commit to the database out.</param>
    public static async Task<WarmApi> StartAsync(BenchContext context, bool withDatabase, CancellationToken cancel)
    {
        context.Progress.Say($"Warming up the API {(withDatabase ? "with" : "without")} its database");
        var database = await ProductTemplate.CreateAsync(context.Server, null, cancel);
        var api = withDatabase
            ? await ProductPrograms.StartApiAsync(database, cancel)
            : await ProductPrograms.StartApiWithoutDatabaseAsync(database, cancel);
        var load = new HttpLoad(api.EndPoint, new CreateRequests("warm-up", BenchOptions.Accounts), Connections);
        await load.RunAsync(BenchContext.ServerWarmUp, TimeSpan.Zero, cancel);
        api.Freeze();
        return new WarmApi(database, api, withDatabase);
    }

    /// <param name="measure">
    /// Is told the address and the number of the run, and returns what was measured and how many were created.
    /// </param>
    /// <exception cref="VoidRunException">The database holds another number of payments.</exception>
    public async Task<Run> MeasureAsync(
        Func<IPEndPoint, int, Task<(Run Run, long Created)>> measure, CancellationToken cancel)
    {
        _run++;
        var before = await _database.CountPaymentsAsync(cancel);
        _api.Thaw();
        try
        {
            var (run, created) = await measure(_api.EndPoint, _run);
            _api.ShouldRun();
            await _database.ShouldHoldAsync(_withDatabase ? before + created : 0, cancel);
            return run;
        }
        finally
        {
            _api.Freeze();
        }
    }

    /// <exception cref="VoidRunException">The books of all runs are wrong.</exception>
    public Task CheckBooksAsync() => _database.CheckBooksAsync();

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _database.DisposeAsync();
    }
}
