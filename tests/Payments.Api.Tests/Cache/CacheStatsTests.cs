using Payments.Api.Cache;

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

        Assert.Equal(
            (2, 0, JsonValueKind.Null),
            (stats.GetProperty("replaysServed").GetInt64(), stats.GetProperty("keysHeld").GetInt64(),
                stats.GetProperty("hitRate").ValueKind));
    }

    [Fact]
    public void What_a_cache_of_answers_tells_is_its_hit_rate_and_its_size()
    {
        var stats = new ReplayStats(TimeProvider.System);

        stats.LookedUp(found: true);
        stats.LookedUp(found: true);
        stats.LookedUp(found: false);
        stats.Holds(7);

        var read = stats.Read();
        Assert.Equal((0, 7, 2, 1, 0.6667), (read.ReplaysServed, read.KeysHeld, read.Hits, read.Misses, read.HitRate));
    }
}
