extern alias worker;

using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using worker::Recon.Worker.Settlements;

namespace Payments.Api.Tests;

/// <summary>The worker's own Program in this process, for tests of what the API shows of settled refunds.</summary>
public sealed class RunningWorker : IAsyncDisposable
{
    private readonly Factory _factory;
    private readonly TestDatabase _database;

    private RunningWorker(TestDatabase database)
    {
        _database = database;
        _factory = new Factory(database);
        _factory.StartServer();
    }

    public static RunningWorker Start(TestDatabase database) => new(database);

    /// <summary>Waits until no job is open.</summary>
    public async Task SettleAllAsync()
    {
        while (await _database.ScalarAsync<bool>(
            "SELECT EXISTS (SELECT FROM recon_jobs WHERE status IN ('pending', 'processing'))"))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    private sealed class Factory(TestDatabase database) : WebApplicationFactory<SettlementLoop>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment("Production");
            builder.UseSetting("ConnectionStrings:payments", database.AppConnectionString);
            builder.UseSetting("Management:Port", "0");
            builder.UseSetting("Logging:LogLevel:Default", "None");
            builder.UseSetting("Worker:PollSeconds", "0.1");
        }
    }
}
