using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Payments.Bench.Running;

/// <summary>Takes whatever telemetry is sent to it over OTLP, and keeps nothing.</summary>
internal sealed class OtlpSink : IAsyncDisposable
{
    private readonly WebApplication _server;
    private long _bytes;

    private OtlpSink(WebApplication server) => _server = server;

    public string Address => _server.Urls.Single();

    /// <summary>How much has been sent so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public static async Task<OtlpSink> StartAsync(CancellationToken cancel)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var sink = new OtlpSink(builder.Build());
        sink._server.MapPost("/v1/{signal}", (RequestDelegate)sink.SwallowAsync);
        await sink._server.StartAsync(cancel);
        return sink;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task SwallowAsync(HttpContext context)
    {
        while (true)
        {
            var read = await context.Request.BodyReader.ReadAsync(context.RequestAborted);
            Interlocked.Add(ref _bytes, read.Buffer.Length);
            context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}
