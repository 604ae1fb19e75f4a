using System.Diagnostics;
using Microsoft.AspNetCore.Builder;

namespace Payments.ServiceDefaults.Tests;

public sealed class SamplingTests
{
    private static readonly ActivitySource OwnSource = new("Payments.Test");

    [Theory]
    [InlineData("Development", null, 1)]
    [InlineData("Production", null, 0.01)]
    [InlineData("Production", "0.25", 0.25)]
    [InlineData("Production", "1", 1)]
    [InlineData("Development", "0", 0)]
    public async Task The_share_of_sampled_traces_follows_the_setting_and_else_the_environment(
        string environment, string? ratio, double expected)
    {
        const int Traces = 100_000;
        await using var service = await TestService.StartAsync(
            environment: environment, settings: ratio is null ? [] : [("Telemetry:TraceRatio", ratio)]);
        var sampled = 0;

        for (var trace = 0; trace < Traces; trace++)
        {
            using var root = OwnSource.StartActivity("root");
            sampled += root is { Recorded: true } ? 1 : 0;
        }

        // Seven standard deviations of a fair draw: it fails once in a million million runs.
        var tolerance = 7 * Math.Sqrt(expected * (1 - expected) / Traces);
        Assert.InRange((double)sampled / Traces, expected - tolerance, expected + tolerance);
    }

    [Theory]
    [InlineData("01", "0", 2)]
    [InlineData("00", "1", 1)]
    public async Task The_caller_s_decision_is_followed(string flags, string ratio, int spans)
    {
        await using var service = await TestService.StartAsync(
            map: app => app.MapGet("/", () => "hello"), settings: [("Telemetry:TraceRatio", ratio)]);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("traceparent", $"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
        using var sampled = new HttpRequestMessage(HttpMethod.Get, "/");
        sampled.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        using var first = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        using var second = await service.Client.SendAsync(sampled, TestContext.Current.CancellationToken);

        for (var span = 0; span < spans; span++)
        {
            Assert.Equal("GET /", (await service.Spans.NextAsync()).DisplayName);
        }

        Assert.Equal(0, service.Spans.Waiting);
    }

    [Fact]
    public async Task The_standard_variable_wins()
    {
        await using var service = await TestService.StartAsync(
            settings: [("OTEL_TRACES_SAMPLER", "always_off"), ("Telemetry:TraceRatio", "1")]);

        using var root = OwnSource.StartActivity("root");

        Assert.False(root is { Recorded: true });
    }

    [Theory]
    [InlineData("2")]
    [InlineData("-0.1")]
    [InlineData("half")]
    public async Task A_ratio_that_is_none_stops_the_start_by_name(string ratio)
    {
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            () => TestService.StartAsync(settings: [("Telemetry:TraceRatio", ratio)]));

        Assert.Equal($"'Telemetry:TraceRatio' must be a number from 0 to 1, not '{ratio}'.", refusal.Message);
    }
}
