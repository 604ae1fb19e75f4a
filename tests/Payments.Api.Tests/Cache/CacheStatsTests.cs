using System.Net;

namespace Payments.Api.Tests.Cache;

public sealed class CacheStatsTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task Every_replay_is_counted_and_nothing_else()
    {
        const string Body = """{"accountId":"ACC-REPLAY","amount":1}""";
        using var created = await fixture.Client.CreateAsync(Body, "key-1");
        using var replayed = await fixture.Client.CreateAsync(Body, "key-1");
        using var again = await fixture.Client.CreateAsync(Body, "key-1");
        using var reused = await fixture.Client.CreateAsync("""{"accountId":"ACC-REPLAY","amount":2}""", "key-1");

        var stats = await fixture.Client.GetJsonAsync("/api/v1/cache/stats");

        // A payment's answer is held from its first replay on; a look that finds another request's answer is a hit too.
        Assert.Equal(
            (2, 1, 2, 2, 0.5),
            (stats.GetProperty("replaysServed").GetInt64(), stats.GetProperty("keysHeld").GetInt64(),
                stats.GetProperty("hits").GetInt64(), stats.GetProperty("misses").GetInt64(),
                stats.GetProperty("hitRate").GetDouble()));
    }

    [Fact]
    public async Task A_transfer_that_is_sent_again_is_a_replay()
    {
        await using var server = ApiServer.Start(fixture.Database.AppConnectionString);
        var (_, key) = await server.Client.TransferAsync("ACC-REPLAY-1", "ACC-REPLAY-2", 5);
        using var again = await server.Client.PostJsonAsync("/api/v1/transactions", $$"""
            {"transaction":{"source_account_id":"ACC-REPLAY-1","destination_account_id":"ACC-REPLAY-2","amount":5},
            "idempotencyKey":"{{key}}"}
            """);

        var stats = await server.Client.GetJsonAsync("/api/v1/cache/stats");

        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal(1, stats.GetProperty("replaysServed").GetInt64());
    }

    [Fact]
    public async Task The_hit_rate_is_unknown_before_the_first_look()
    {
        await using var server = ApiServer.Start(fixture.Database.AppConnectionString);

        var stats = await server.Client.GetJsonAsync("/api/v1/cache/stats");

        Assert.Equal(JsonValueKind.Null, stats.GetProperty("hitRate").ValueKind);
    }
}
