using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Payments.ServiceDefaults.Metrics;

namespace Payments.ServiceDefaults.Tests.Metrics;

public sealed class ManagementListenerTests
{
    [Fact]
    public async Task Metrics_have_an_address_of_their_own_on_loopback_and_leave_the_service_s_alone()
    {
        await using var service = await TestService.StartAsync(map: app => app.MapGet("/", () => "hello"));
        using var scraper = new HttpClient();

        using var metrics = await scraper.GetAsync(service.MetricsAddress, TestContext.Current.CancellationToken);

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", metrics.Content.Headers.ContentType?.ToString());
        Assert.True(service.MetricsAddress.IsLoopback);
        Assert.NotEqual(service.Client.BaseAddress?.Port, service.MetricsAddress.Port);
        Assert.Equal("hello", await service.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Neither_address_answers_for_the_other()
    {
        await using var service = await TestService.StartAsync(map: app => app.MapGet("/", () => "hello"));
        using var scraper = new HttpClient();

        using var metrics = await service.Client.GetAsync("/metrics", TestContext.Current.CancellationToken);
        using var health = await scraper.GetAsync(
            new Uri(service.MetricsAddress, "/health"), TestContext.Current.CancellationToken);
        using var post = await scraper.PostAsync(
            service.MetricsAddress, null, TestContext.Current.CancellationToken);

        Assert.Equal(
            (HttpStatusCode.NotFound, HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed),
            (metrics.StatusCode, health.StatusCode, post.StatusCode));
    }

    [Fact]
    public async Task A_scrape_makes_no_span()
    {
        await using var service = await TestService.StartAsync(map: app => app.MapGet("/", () => "hello"));
        using var scraper = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null });

        await scraper.GetStringAsync(service.MetricsAddress, TestContext.Current.CancellationToken);
        await service.Client.GetStringAsync("/", TestContext.Current.CancellationToken);

        Assert.Equal("GET /", (await service.Spans.NextAsync()).DisplayName);
        Assert.Equal(0, service.Spans.Waiting);
    }

    [Fact]
    public async Task Replicas_on_one_machine_do_not_collide()
    {
        await using var one = await TestService.StartAsync();
        await using var two = await TestService.StartAsync();

        Assert.NotEqual(one.MetricsAddress.Port, two.MetricsAddress.Port);
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        await using var first = await TestService.StartAsync();
        var port = first.MetricsAddress.Port.ToString("D", null);

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            () => TestService.StartAsync(settings: [("Management:Port", port)]));

        Assert.Contains($"Port {port} of 127.0.0.1 is in use.", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Management:Port", "70000")]
    [InlineData("Management:Address", "everywhere")]
    public async Task A_setting_that_cannot_be_is_refused_by_name(string name, string value)
    {
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestService.StartAsync(settings: [(name, value)]));

        Assert.Contains($"'{name}'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Switched_off_it_listens_nowhere()
    {
        await using var service = await TestService.StartAsync(settings: [("Management:Enabled", "false")]);

        Assert.Null(service.App.Services.GetService<ManagementListener>());
    }
}
