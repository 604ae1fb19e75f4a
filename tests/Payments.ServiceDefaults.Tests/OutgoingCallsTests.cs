using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly.CircuitBreaker;

namespace Payments.ServiceDefaults.Tests;

public sealed class OutgoingCallsTests
{
    private const HttpStatusCode Down = HttpStatusCode.ServiceUnavailable;

    [Theory]
    [InlineData("GET", false, 3)]
    [InlineData("HEAD", false, 3)]
    [InlineData("POST", true, 3)]
    [InlineData("POST", false, 1)]
    [InlineData("PUT", false, 1)]
    [InlineData("PATCH", false, 1)]
    [InlineData("DELETE", false, 1)]
    public async Task A_failed_call_is_repeated_only_where_that_cannot_pay_twice(
        string method, bool keyed, int attempts)
    {
        var network = new ScriptedHandler(Down, Down);
        using var client = CreateClient(network);
        using var request = new HttpRequestMessage(new HttpMethod(method), "http://api.test/payments");
        request.Content = method == "POST" ? JsonContent.Create(new { amount = 1 }) : null;
        if (keyed)
        {
            request.Headers.Add("Idempotency-Key", "K-1");
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(attempts, network.Sent.Count);
        Assert.Equal(attempts == 1 ? Down : HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_refusal_is_not_repeated()
    {
        var network = new ScriptedHandler(HttpStatusCode.Conflict);
        using var client = CreateClient(network);

        using var response = await client.GetAsync("http://api.test/", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Single(network.Sent);
    }

    [Fact]
    public async Task A_stream_is_not_sent_twice_even_with_a_key()
    {
        var network = new ScriptedHandler(Down);
        using var client = CreateClient(network);
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://api.test/payments");
        request.Headers.Add("Idempotency-Key", "K-1");
        request.Content = new StreamContent(new MemoryStream([1]));

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(Down, response.StatusCode);
        Assert.Single(network.Sent);
    }

    [Fact]
    public async Task A_wait_that_the_answer_asks_for_takes_the_place_of_our_own()
    {
        var network = new ScriptedHandler(HttpStatusCode.TooManyRequests) { RetryAfterSeconds = 0 };
        var waits = new List<TimeSpan>();
        using var client = CreateClient(network, options =>
        {
            options.Retry.Delay = TimeSpan.FromSeconds(20);
            options.Retry.OnRetry = args =>
            {
                waits.Add(args.RetryDelay);
                return ValueTask.CompletedTask;
            };
        });

        using var response = await client.GetAsync("http://api.test/", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal([TimeSpan.Zero], waits);
    }

    [Fact]
    public async Task A_host_that_fails_is_left_alone_and_others_are_not()
    {
        var network = new ScriptedHandler(Down, Down);
        using var client = CreateClient(network, options =>
        {
            options.CircuitBreaker.MinimumThroughput = 2;
            options.CircuitBreaker.FailureRatio = 1;
        });

        using var first = await client.PostAsync("http://a.test/", null, TestContext.Current.CancellationToken);
        using var second = await client.PostAsync("http://a.test/", null, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<BrokenCircuitException>(
            () => client.PostAsync("http://a.test/", null, TestContext.Current.CancellationToken));
        using var other = await client.PostAsync("http://b.test/", null, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    private static HttpClient CreateClient(
        ScriptedHandler network, Action<HttpStandardResilienceOptions>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddOutgoingCalls();
        services.ConfigureAll<HttpStandardResilienceOptions>(options =>
        {
            options.Retry.Delay = TimeSpan.Zero;
            configure?.Invoke(options);
        });
        services.AddHttpClient("test").ConfigurePrimaryHttpMessageHandler(() => network);
        return services.BuildServiceProvider().GetRequiredService<IHttpClientFactory>().CreateClient("test");
    }
}
