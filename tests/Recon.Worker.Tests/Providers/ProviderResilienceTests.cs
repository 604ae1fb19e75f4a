using System.Net;
using Microsoft.AspNetCore.Http;
using Recon.Worker.Providers;

namespace Recon.Worker.Tests.Providers;

/// <summary>What happens when a provider fails, asks to wait, stays silent, or keeps failing.</summary>
public sealed class ProviderResilienceTests : IAsyncLifetime
{
    private const string First = "/v1/wallets?pageSize=50";

    private ProviderServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await ProviderServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.RequestTimeout)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    public async Task A_failure_that_may_pass_is_tried_again(HttpStatusCode failure)
    {
        _server.Answers(First, "{}", failure).Answers(First, "{}", failure).Answers(First, """{"data":[]}""");
        using var circle = ProviderReaders.Circle(_server);

        Assert.Equal(0m, (await circle.ReadTotalAsync(Cancel)).Minor);
        Assert.Equal(3, _server.Received.Count);
    }

    [Fact]
    public async Task Retries_come_to_an_end_and_the_status_is_said()
    {
        _server.Answers(First, "{}", HttpStatusCode.BadGateway);

        Assert.Equal("Circle answered 502 to GET /v1/wallets.", await FailureAsync(ProviderReaders.Circle(_server)));
        Assert.Equal(4, _server.Received.Count);
    }

    [Fact]
    public async Task The_wait_before_each_retry_has_jitter()
    {
        var clock = new HurriedClock { Keeps = ProviderReaders.TimeLimits };
        _server.Answers(First, "{}", HttpStatusCode.BadGateway);
        using var circle = ProviderReaders.Circle(
            _server, options => options.RetryDelay = TimeSpan.FromSeconds(2), clock);

        await FailureAsync(circle);

        Assert.Equal(3, clock.Waits.Distinct().Count());
        Assert.All(clock.Waits, wait => Assert.NotEqual(0, wait.Ticks % TimeSpan.TicksPerSecond));
    }

    [Fact]
    public async Task Retry_After_is_waited_for()
    {
        var clock = new HurriedClock { Keeps = ProviderReaders.TimeLimits };
        _server
            .Answers(First, "{}", HttpStatusCode.TooManyRequests, "Retry-After: 17")
            .Answers(First, """{"data":[]}""");
        using var circle = ProviderReaders.Circle(_server, clock: clock);

        await circle.ReadTotalAsync(Cancel);

        Assert.Contains(TimeSpan.FromSeconds(17), clock.Waits);
        Assert.Equal(2, _server.Received.Count);
    }

    [Fact]
    public async Task A_provider_that_asks_for_a_long_wait_is_not_waited_for()
    {
        _server.Answers(First, "{}", HttpStatusCode.TooManyRequests, "Retry-After: 3600");

        Assert.Equal("Circle asks to wait 3600 seconds (429).", await FailureAsync(ProviderReaders.Circle(_server)));
        Assert.Single(_server.Received);
    }

    [Fact]
    public async Task A_silent_provider_is_given_up_after_the_time_of_each_try()
    {
        _server.Answers(First, context => Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted));

        var failure = await FailureAsync(ProviderReaders.Circle(_server, options =>
            (options.AttemptTimeout, options.Retries) = (TimeSpan.FromMilliseconds(200), 1)));

        Assert.Equal("Circle did not answer within 0.2 seconds.", failure);
        Assert.Equal(2, _server.Received.Count);
    }

    [Fact]
    public async Task Pages_without_end_are_given_up_after_the_time_of_all()
    {
        var page = 0;
        _server.Answers(First, NextAsync);

        var failure = await FailureAsync(
            ProviderReaders.Circle(_server, options => options.TotalTimeout = TimeSpan.FromMilliseconds(500)));

        Assert.Equal("Circle could not be read within 0.5 seconds.", failure);

        Task NextAsync(HttpContext context)
        {
            var next = FormattableString.Invariant($"{++page}");
            _server.Answers($"{First}&pageAfter={next}", NextAsync);
            context.Response.Headers.Link = $"<http://x/v1/wallets?pageAfter={next}>; rel=\"next\"";
            return context.Response.WriteAsync("""{"data":[]}""", context.RequestAborted);
        }
    }

    [Fact]
    public async Task Whoever_asks_may_stop_asking()
    {
        using var impatience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        _server.Answers(First, async context =>
        {
            await impatience.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        });
        using var circle = ProviderReaders.Circle(_server);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => circle.ReadTotalAsync(impatience.Token));
    }

    [Fact]
    public async Task A_provider_that_keeps_failing_is_left_alone_until_it_may_have_recovered()
    {
        var clock = new HurriedClock();
        _server.Answers(First, "{}", HttpStatusCode.ServiceUnavailable);
        using var circle = ProviderReaders.Circle(_server, clock: clock);
        await FailureAsync(circle);
        await FailureAsync(circle);
        var asked = _server.Received.Count;

        var failure = await FailureAsync(circle);

        Assert.Equal("Circle failed again and again and is left alone for a moment.", failure);
        Assert.Equal(asked, _server.Received.Count);

        _server.Forgets(First).Answers(First, """{"data":[]}""");
        clock.PutForward(TimeSpan.FromSeconds(16));
        Assert.Equal(0m, (await circle.ReadTotalAsync(Cancel)).Minor);
    }

    [Fact]
    public async Task Nobody_there_is_a_reason_too()
    {
        await using var gone = await ProviderServer.StartAsync();
        using var circle = ProviderReaders.Circle(gone);
        await gone.DisposeAsync();

        Assert.StartsWith("Circle cannot be reached", await FailureAsync(circle), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_larger_than_any_page_is_not_read_to_its_end()
    {
        _server.Answers(First, async context =>
        {
            var piece = new byte[1024 * 1024];
            for (var i = 0; i < 1_000; i++)
            {
                await context.Response.Body.WriteAsync(piece, context.RequestAborted);
            }
        });

        var failure = await FailureAsync(ProviderReaders.Circle(_server, options => options.Retries = 0));

        Assert.Contains("ConfigurationLimitExceeded", failure, StringComparison.Ordinal);
    }

    private static async Task<string> FailureAsync(CircleBalances circle) =>
        (await Assert.ThrowsAsync<ProviderFailedException>(() => circle.ReadTotalAsync(Cancel))).Message;
}
