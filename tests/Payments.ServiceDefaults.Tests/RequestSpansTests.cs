using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Payments.ServiceDefaults.Tests;

public sealed class RequestSpansTests
{
    private static readonly ActivitySource OwnSource = new("Payments.Test");

    [Fact]
    public async Task A_request_is_a_span_named_for_its_method_and_route()
    {
        await using var service = await TestService.StartAsync(map: app =>
            app.MapGroup("/payments").MapPost("/{id}", (string id) => TypedResults.Created($"/payments/{id}")));

        using var response = await service.Client.PostAsync(
            "/payments/P-1?secret=1", null, TestContext.Current.CancellationToken);

        var span = await service.Spans.NextAsync();
        Assert.Equal("POST /payments/{id}", span.DisplayName);
        Assert.Equal(ActivityKind.Server, span.Kind);
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        Assert.Equal(
            new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["http.request.method"] = "POST",
                ["http.response.status_code"] = 201,
                ["http.route"] = "/payments/{id}",
                ["url.path"] = "/payments/P-1",
                ["url.scheme"] = "http",
            },
            span.TagObjects.ToDictionary(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_root_of_a_group_is_named_without_a_slash_at_its_end()
    {
        await using var service = await TestService.StartAsync(map: app =>
            app.MapGroup("/payments").MapGet("/", () => "all"));

        await service.Client.GetStringAsync("/payments", TestContext.Current.CancellationToken);

        Assert.Equal("GET /payments", (await service.Spans.NextAsync()).DisplayName);
    }

    [Fact]
    public async Task A_request_that_no_route_answers_is_named_for_its_method_and_is_no_error()
    {
        await using var service = await TestService.StartAsync();

        using var response = await service.Client.GetAsync("/nothing", TestContext.Current.CancellationToken);

        var span = await service.Spans.NextAsync();
        Assert.Equal("GET", span.DisplayName);
        Assert.Equal(404, span.GetTagItem("http.response.status_code"));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
    }

    [Fact]
    public async Task A_refusal_by_5xx_marks_the_span_as_an_error()
    {
        await using var service = await TestService.StartAsync(map: app =>
            app.MapGet("/down", () => TypedResults.StatusCode(503)));

        using var response = await service.Client.GetAsync("/down", TestContext.Current.CancellationToken);

        var span = await service.Spans.NextAsync();
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal("503", span.GetTagItem("error.type"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_exception_marks_the_span_as_an_error_of_its_route_whoever_answers_for_it(bool handled)
    {
        await using var service = await TestService.StartAsync(environment: "Production", map: app =>
        {
            if (handled)
            {
                app.UseExceptionHandler(error => error.Run(context => context.Response.WriteAsync("sorry")));
            }

            app.MapGet("/fails/{id}", string (string id) => throw new InvalidOperationException($"No {id} today."));
        }, settings: [("Telemetry:TraceRatio", "1")]);

        using var response = await service.Client.GetAsync("/fails/luck", TestContext.Current.CancellationToken);

        var span = await service.Spans.NextAsync();
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("GET /fails/{id}", span.DisplayName);
        Assert.Equal((ActivityStatusCode.Error, "No luck today."), (span.Status, span.StatusDescription));
        Assert.Equal("System.InvalidOperationException", span.GetTagItem("error.type"));
        Assert.Equal(500, span.GetTagItem("http.response.status_code"));
        Assert.Equal("exception", Assert.Single(span.Events).Name);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/alive")]
    public async Task Health_makes_no_spans_and_neither_does_what_it_calls(string path)
    {
        await using var service = await TestService.StartAsync(
            builder => builder.Services.AddHealthChecks().AddCheck(
                "database",
                () =>
                {
                    using var inner = OwnSource.StartActivity("SELECT 1");
                    Assert.False(inner?.Recorded ?? false);
                    return new();
                },
                ["live"]),
            app => app.MapGet("/traced", () => "yes"),
            settings: [("OTEL_TRACES_SAMPLER", "always_on")]);

        using var health = await service.Client.GetAsync(path, TestContext.Current.CancellationToken);
        await service.Client.GetStringAsync("/traced", TestContext.Current.CancellationToken);

        Assert.Equal("GET /traced", (await service.Spans.NextAsync()).DisplayName);
        Assert.Equal(0, service.Spans.Waiting);
    }

    [Fact]
    public async Task A_call_to_another_service_is_a_client_span_below_the_request()
    {
        await using var service = await TestService.StartAsync(map: app =>
        {
            app.MapGet("/called/{id}", (string id) => TypedResults.NotFound());
            app.MapGet("/calls", async (IHttpClientFactory clients, HttpContext context) =>
            {
                using var client = clients.CreateClient();
                using var answer = await client.GetAsync(
                    $"http://{context.Request.Host}/called/1?key=secret", context.RequestAborted);
            });
        });

        using var response = await service.Client.GetAsync("/calls", TestContext.Current.CancellationToken);

        // The called service may end its span after the caller has the answer.
        Activity[] ended =
        [
            await service.Spans.NextAsync(), await service.Spans.NextAsync(), await service.Spans.NextAsync(),
        ];
        var spans = ended.ToDictionary(span => span.DisplayName);
        var (called, call, request) = (spans["GET /called/{id}"], spans["GET"], spans["GET /calls"]);
        Assert.Equal((call.SpanId, request.SpanId), (called.ParentSpanId, call.ParentSpanId));
        Assert.Equal(ActivityKind.Client, call.Kind);
        Assert.Equal(ActivityStatusCode.Error, call.Status);
        Assert.Equal("GET", call.GetTagItem("http.request.method"));
        Assert.Equal(404, call.GetTagItem("http.response.status_code"));
        Assert.EndsWith("/called/1?*", (string?)call.GetTagItem("url.full"), StringComparison.Ordinal);
    }
}
