using Npgsql;

namespace Payments.Api.Tests.Idempotency;

/// <summary>An API that reaches its database through a proxy which can cut it off, and another that does not.</summary>
public sealed class DyingSystem : IAsyncLifetime
{
    public TestDatabase Database { get; } = new();

    public ApiServer Dying { get; private set; } = null!;

    public ApiServer Successor { get; private set; } = null!;

    internal DatabaseProxy Proxy { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Database.InitializeAsync();
        await TestKeys.AddAsync(
            Database, "tester", ApiServer.Key, [.. TestKeys.ReadAndWrite, "reconciliation:admin"]);
        var direct = new NpgsqlConnectionStringBuilder(Database.AppConnectionString);
        Proxy = new DatabaseProxy(direct.Host!, direct.Port);
        var proxied = new NpgsqlConnectionStringBuilder(Database.AppConnectionString)
        {
            Host = "127.0.0.1",
            Port = Proxy.Port,
        };
        Dying = ApiServer.Start(proxied.ConnectionString);
        Successor = ApiServer.Start(Database.AppConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await Dying.DisposeAsync();
        await Successor.DisposeAsync();
        await Proxy.DisposeAsync();
        await Database.DisposeAsync();
    }
}
