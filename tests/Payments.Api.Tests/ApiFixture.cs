namespace Payments.Api.Tests;

/// <summary>One database and one API for a test class.</summary>
public sealed class ApiFixture : IAsyncLifetime
{
    public TestDatabase Database { get; init; } = new();

    public ApiServer Api { get; private set; } = null!;

    public HttpClient Client => Api.Client;

    public async ValueTask InitializeAsync()
    {
        await Database.InitializeAsync();
        await TestKeys.AddAsync(Database, "tester", ApiServer.Key);
        Api = ApiServer.Start(Database.AppConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        await Database.DisposeAsync();
    }
}
