using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Payments.ServiceDefaults.Tests;

public sealed class OtlpTests
{
    [Fact]
    public async Task Traces_metrics_and_logs_are_sent_where_the_standard_variable_says()
    {
        await using var collector = await Collector.StartAsync();
        await using var service = await TestService.StartAsync(
            builder => builder.Logging.AddOpenTelemetry(),
            app => app.MapGet("/", (ILogger<OtlpTests> log) => log.LogInformation("Hello")),
            settings:
            [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                ("OTEL_EXPORTER_OTLP_HEADERS", "x-otlp-api-key=secret"),
                ("OTEL_SERVICE_NAME", "api"),
            ]);

        await service.Client.GetStringAsync("/", TestContext.Current.CancellationToken);
        await service.Spans.NextAsync();
        service.App.Services.GetRequiredService<TracerProvider>().ForceFlush();
        service.App.Services.GetRequiredService<MeterProvider>().ForceFlush();
        service.App.Services.GetRequiredService<LoggerProvider>().ForceFlush();

        var sent = new HashSet<string>(StringComparer.Ordinal);
        while (sent.Count < 3)
        {
            sent.Add(await collector.NextAsync());
        }

        Assert.Equal(
            ["/v1/logs secret", "/v1/metrics secret", "/v1/traces secret"], sent.Order(StringComparer.Ordinal));
    }

    /// <summary>Takes what is exported, and remembers path and key of each call that carried something.</summary>
    private sealed class Collector(WebApplication app, Channel<string> calls) : IAsyncDisposable
    {
        public string Address => app.Urls.Single();

        public static async Task<Collector> StartAsync()
        {
            var calls = Channel.CreateUnbounded<string>();
            var builder = WebApplication.CreateBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            var app = builder.Build();
            app.MapPost("/v1/{signal}", async (HttpContext context) =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body, context.RequestAborted);
                if (body.Length > 0)
                {
                    calls.Writer.TryWrite($"{context.Request.Path} {context.Request.Headers["x-otlp-api-key"]}");
                }
            });
            await app.StartAsync();
            return new Collector(app, calls);
        }

        public async Task<string> NextAsync()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            return await calls.Reader.ReadAsync(limit.Token);
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
