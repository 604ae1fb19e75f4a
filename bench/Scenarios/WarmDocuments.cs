using Payments.Bench.Documents;
using Payments.Bench.Measuring;
using Payments.Bench.Running;

namespace Payments.Bench.Scenarios;

/// <summary>
/// The documents' design, started and warmed up before its first run and frozen between its runs, as the product is
/// (<see cref="WarmSystem"/>): in the first seconds after their start its workers settle two thirds of what they settle
/// later.
/// </summary>
/// <param name="createDatabase">Makes the database.</param>
/// <param name="warmUpAsync">What it does until it is warm.</param>
internal sealed class WarmDocuments(
    Func<CancellationToken, Task<BenchDatabase>> createDatabase,
    bool withApi,
    int workers,
    Func<DocumentsSystem, CancellationToken, Task> warmUpAsync) : IAsyncDisposable
{
    private BenchDatabase? _database;
    private DocumentsSystem? _system;
    private int _run;

    /// <summary>A database with the documents' tables, and nothing in them.</summary>
    public static async Task<BenchDatabase> CreateDatabaseAsync(BenchContext context, CancellationToken cancel)
    {
        var database = await context.Server.CreateAsync(cancel);
        await database.MigrateToDocumentsAsync(cancel);
        return database;
    }

    /// <param name="measure">Is told the number of the run, so that its payments have keys of their own.</param>
    /// <exception cref="VoidRunException">A process ended, or it did not become warm.</exception>
    public async Task<Run> MeasureAsync(Func<DocumentsSystem, int, Task<Run>> measure, CancellationToken cancel)
    {
        _run++;
        _system ??= await StartAsync(cancel);
        _system.Thaw();
        try
        {
            var run = await measure(_system, _run);
            _system.ShouldRun();
            return run;
        }
        finally
        {
            _system.Freeze();
        }
    }

    /// <exception cref="VoidRunException">The books of all runs are wrong.</exception>
    public Task CheckBooksAsync() => _database!.CheckDocumentsBooksAsync(CancellationToken.None);

    // One that did not become warm says nothing of the next run, and its database has payments of the warm-up: that run
    // begins anew.
    private async Task<DocumentsSystem> StartAsync(CancellationToken cancel)
    {
        _database ??= await createDatabase(cancel);
        var system = await DocumentsSystem.StartAsync(_database, withApi, workers, cancel);
        try
        {
            await warmUpAsync(system, cancel);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            await _database.DisposeAsync();
            _database = null;
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_system?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_database?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}
