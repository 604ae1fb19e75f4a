using Npgsql;

namespace Payments.Api.Tests;

public sealed class OutageTests : IAsyncLifetime
{
    private const string Body = """{"accountId":"A","amount":1}""";

    private readonly TestDatabase _database = new();
    private DatabaseProxy _proxy = null!;
    private ApiServer _api = null!;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        await TestKeys.AddAsync(_database, "tester", ApiServer.Key);
        var direct = new NpgsqlConnectionStringBuilder(_database.AppConnectionString);
        _proxy = new DatabaseProxy(direct.Host!, direct.Port);
        var proxied = new NpgsqlConnectionStringBuilder(_database.AppConnectionString)
        {
            Host = "127.0.0.1",
            Port = _proxy.Port,
        };
        _api = ApiServer.Start(proxied.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _proxy.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Without_a_database_payments_are_503_and_go_through_when_it_is_back()
    {
        using var before = await _api.Client.CreateAsync(Body, "before");
        _proxy.Down();

        using var during = await _api.Client.CreateAsync(Body, "during");
        using var list = await _api.Client.GetAsync("/payments", TestContext.Current.CancellationToken);
        _proxy.Up();
        using var retried = await _api.Client.CreateAsync(Body, "during");
        using var repeated = await _api.Client.CreateAsync(Body, "before");

        Assert.Equal((503, 503), ((int)during.StatusCode, (int)list.StatusCode));
        Assert.Equal("database_unavailable", await during.CodeAsync());
        Assert.Equal("database_unavailable", await list.CodeAsync());
        Assert.Equal("2", Assert.Single(during.Headers.GetValues("Retry-After")));
        Assert.Equal(201, (int)retried.StatusCode);
        Assert.Equal(before.Headers.Location, repeated.Headers.Location);
        Assert.Equal(2, await _database.ScalarAsync<int>("SELECT count(*) FROM payments"));
    }

    [Fact]
    public async Task A_commit_whose_answer_is_lost_is_found_by_its_key_and_answered_as_created()
    {
        using var first = await _api.Client.CreateAsync(Body);
        _proxy.LoseNextAnswer();

        using var response = await _api.Client.CreateAsync(Body, "lost");

        Assert.Equal(201, (int)response.StatusCode);
        Assert.False(response.Headers.Contains("Idempotent-Replayed"));
        Assert.Equal(
            response.Headers.Location?.ToString(),
            await _database.ScalarAsync<string>(
                "SELECT '/payments/' || id FROM payments WHERE idempotency_key = 'lost'"));
        Assert.Equal(2, await _database.ScalarAsync<int>("SELECT count(*) FROM recon_jobs"));
    }

    [Fact]
    public async Task A_connection_that_the_server_ended_is_replaced_without_anyone_noticing()
    {
        using var first = await _api.Client.CreateAsync(Body);
        await _database.ExecuteAsync(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND usename = 'payments_app'
            """);

        using var second = await _api.Client.CreateAsync(Body);

        Assert.Equal(201, (int)second.StatusCode);
    }
}
