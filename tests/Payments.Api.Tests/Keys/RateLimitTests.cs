using System.Net;
using Microsoft.Extensions.Options;
using Payments.Api.Keys;

namespace Payments.Api.Tests.Keys;

public sealed class RateLimitTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Beyond_its_own_limit_a_key_gets_429_and_others_do_not()
    {
        await TestKeys.AddAsync(fixture.Database, "slow", "slow-key");
        await fixture.Database.ExecuteAsync(
            """
            UPDATE api_keys SET requests_per_second = 1
            WHERE owner_id = (SELECT id FROM key_owners WHERE name = 'slow')
            """);
        await using var api = ApiServer.Start(
            fixture.Database.AppConnectionString, "Production", ("RateLimits:BurstSeconds", "30"));
        using var slow = api.CreateClient("slow-key");

        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 40; i++)
        {
            using var answer = await slow.GetAsync("/api/v1/keys/current", Cancel);
            statuses.Add(answer.StatusCode);
        }

        using var refused = await slow.GetAsync("/payments", Cancel);
        using var other = await api.Client.GetAsync("/payments", Cancel);
        using var health = await slow.GetAsync("/health", Cancel);
        Assert.All(statuses.Take(30), status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("rate_limited", await refused.CodeAsync());
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter!.Delta);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (other.StatusCode, health.StatusCode));
    }

    [Fact]
    public void A_limit_lets_a_burst_pass_and_then_its_rate()
    {
        var clock = new StoppedClock();
        var limit = new RateLimit(requestsPerSecond: 10, burstSeconds: 0.5, clock);

        var atOnce = Enumerable.Range(0, 20).Count(_ => limit.TryTake(out var _));
        Assert.False(limit.TryTake(out var wait));
        clock.Advance(wait);
        var afterTheWait = Enumerable.Range(0, 20).Count(_ => limit.TryTake(out var _));
        clock.Advance(TimeSpan.FromHours(1));
        var afterAPause = Enumerable.Range(0, 20).Count(_ => limit.TryTake(out var _));

        Assert.Equal((5, 1, 5), (atOnce, afterTheWait, afterAPause));
        Assert.Equal(TimeSpan.FromMilliseconds(100), wait);
    }

    [Fact]
    public void A_limit_slower_than_its_burst_lets_one_pass()
    {
        var limit = new RateLimit(requestsPerSecond: 1, burstSeconds: 0.01, new StoppedClock());

        Assert.True(limit.TryTake(out _));
        Assert.False(limit.TryTake(out var wait));
        Assert.Equal(TimeSpan.FromSeconds(1), wait);
    }

    [Fact]
    public async Task Many_callers_at_once_get_no_more_than_the_burst()
    {
        var limit = new RateLimit(requestsPerSecond: 1_000, burstSeconds: 1, new StoppedClock());

        var passed = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            () => Enumerable.Range(0, 1_000).Count(_ => limit.TryTake(out var _)), Cancel)));

        Assert.Equal(1_000, passed.Sum());
    }

    [Fact]
    public void Taking_from_a_limit_allocates_nothing()
    {
        var limit = new RateLimit(requestsPerSecond: 1_000_000, burstSeconds: 1, TimeProvider.System);
        limit.TryTake(out _);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1_000; i++)
        {
            limit.TryTake(out _);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public async Task A_limit_outlives_what_is_remembered_of_the_key()
    {
        await TestKeys.AddAsync(fixture.Database, "kept", "kept-key");
        var clock = new StoppedClock();
        var keys = new ApiKeys(
            fixture.Database.App,
            fixture.Api.Services.GetRequiredService<IHostEnvironment>(),
            Options.Create(new RateLimitOptions()),
            clock);

        var first = await keys.FindAsync("kept-key", Cancel);
        clock.Advance(ApiKeys.Lifetime);
        var second = await keys.FindAsync("kept-key", Cancel);

        Assert.NotSame(first, second);
        Assert.NotNull(first!.Key.Limit);
        Assert.Same(first.Key.Limit, second!.Key.Limit);
    }

    private sealed class StoppedClock : TimeProvider
    {
        private long _ticks = 1_000_000;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(_ticks);

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
