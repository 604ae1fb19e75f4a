using Payments.Bench.Product;
using Payments.Bench.Running;

namespace Payments.Bench.Scenarios;

/// <summary>Databases that runs are cloned from, so that each finds what the one before it found.</summary>
internal static class ProductTemplate
{
    private const int Seed = 1;

    /// <param name="shape">The queue that it holds; null for none.</param>
    public static async Task<BenchDatabase> CreateAsync(
        BenchServer server, QueueShape? shape, CancellationToken cancel)
    {
        var database = await server.CreateAsync(cancel);
        await database.MigrateAsync(cancel);
        if (shape is not null)
        {
            await database.QueueAsync(shape, Seed, cancel);
        }

        await database.SettleDownAsync(cancel);
        database.Disconnect();
        return database;
    }
}
