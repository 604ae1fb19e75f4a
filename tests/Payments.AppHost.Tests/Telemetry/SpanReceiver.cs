using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Payments.AppHost.Tests.Telemetry;

/// <summary>Takes the spans that services export, as OTLP over HTTP, in the dashboard's place.</summary>
public sealed class SpanReceiver : IAsyncDisposable
{
    private readonly WebApplication _server = CreateServer();
    private readonly Lock _lock = new();
    private readonly List<ReceivedSpan> _spans = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task StartAsync()
    {
        _server.MapPost("/v1/{signal}", ReceiveAsync);
        await _server.StartAsync();
    }

    /// <summary>Tells services to send every trace here, at once.</summary>
    public void ReceiveFrom(IDistributedApplicationTestingBuilder builder, params IEnumerable<string> services)
    {
        foreach (var service in services)
        {
            builder.CreateResourceBuilder<ProjectResource>(service)
                .WithEnvironment("OTEL_EXPORTER_OTLP_ENDPOINT", _server.Urls.Single())
                .WithEnvironment("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
                .WithEnvironment("OTEL_SERVICE_NAME", service)
                .WithEnvironment("OTEL_BSP_SCHEDULE_DELAY", "100")
                .WithEnvironment("OTEL_METRIC_EXPORT_INTERVAL", "600000")
                .WithEnvironment("Telemetry__TraceRatio", "1");
        }
    }

    /// <summary>The first span, of those that came or are still to come, that is the awaited one.</summary>
    public async Task<ReceivedSpan> WaitForAsync(Func<ReceivedSpan, bool> isAwaited, CancellationToken cancel)
    {
        while (true)
        {
            Task changed;

            lock (_lock)
            {
                if (_spans.FirstOrDefault(isAwaited) is { } found)
                {
                    return found;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancel);
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static WebApplication CreateServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        return builder.Build();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);

        if (!context.Request.Path.Equals("/v1/traces", StringComparison.Ordinal))
        {
            return;
        }

        var spans = OtlpTraces.Parse(ByteString.CopyFrom(body.ToArray()));

        lock (_lock)
        {
            _spans.AddRange(spans);
            _changed.TrySetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
