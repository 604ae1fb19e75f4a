extern alias worker;

using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using worker::Recon.Worker.Settlements;

namespace Payments.Api.Tests;

/// <summary>The worker's own Program with its loops, for tests of what only a real settlement leaves behind.</summary>
internal sealed class SettlingWorker : WebApplicationFactory<SettlementLoop>
{
    private readonly TestDatabase _database;
    private readonly (string Name, string Value)[] _settings;

    private SettlingWorker(TestDatabase database, (string Name, string Value)[] settings)
    {
        _database = database;
        _settings = settings;
    }

    public static SettlingWorker Start(TestDatabase database, params (string Name, string Value)[] settings)
    {
        var worker = new SettlingWorker(database, settings);
        worker.CreateClient().Dispose();
        return worker;
    }

    /// <summary>Waits until no job is open.</summary>
    public Task SettleAllAsync() => _database.UntilAsync(
        "SELECT NOT EXISTS (SELECT FROM recon_jobs WHERE status IN ('pending', 'processing'))");

    /// <summary>Lets a worker settle payments one after the other, in a batch each; then it is gone.</summary>
    public static async Task SettleAsync(TestDatabase database, params IReadOnlyList<QueuedPayment> payments)
    {
        await using var worker = Start(database);
        foreach (var payment in payments)
        {
            await database.QueueAsync(payment);
            await database.UntilAsync("SELECT status <> 'pending' FROM payments WHERE id = @Id", payment);
        }
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment("Production");
        builder.UseSetting("ConnectionStrings:payments", _database.AppConnectionString);
        builder.UseSetting("Management:Port", "0");
        builder.UseSetting("Logging:LogLevel:Default", "None");
        builder.UseSetting("Worker:PollSeconds", "0.1");
        foreach (var (name, value) in _settings)
        {
            builder.UseSetting(name, value);
        }
    }
}
