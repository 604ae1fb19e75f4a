using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Payments.ServiceDefaults.Metrics;

/// <summary>
/// Serves <c>/metrics</c>, and nothing else, on an address of its own that needs no credential and is therefore
/// loopback unless configured.
/// </summary>
/// <remarks>
/// A server of its own beside the application's: an endpoint added to that one would put aside ASPNETCORE_URLS,
/// and every request would have to ask which port it came by. It has no hosting layer, so scrapes make no spans.
/// </remarks>
public sealed class ManagementListener : IHostedService, IDisposable
{
    private readonly ManagementOptions _options;
    private readonly PrometheusExporter _metrics;
    private readonly ILogger<ManagementListener> _log;
    private readonly ILoggerFactory _logs;
    private KestrelServer? _server;

    internal ManagementListener(
        IOptions<ManagementOptions> options, PrometheusExporter metrics, ILoggerFactory logs)
    {
        _options = options.Value;
        _metrics = metrics;
        _logs = logs;
        _log = logs.CreateLogger<ManagementListener>();
    }

    /// <summary>Where it listens, as <c>http://127.0.0.1:9464</c>; null before the start.</summary>
    public Uri? Address { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var kestrel = new KestrelServerOptions { AddServerHeader = false };
        kestrel.Listen(IPAddress.Parse(_options.Address), _options.Port);

        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), _logs);
        _server = new KestrelServer(Options.Create(kestrel), transport, _logs);

        try
        {
            await _server.StartAsync(new MetricsOnly(_metrics), cancellationToken);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            throw new InvalidOperationException(
                $"Port {_options.Port} of {_options.Address} is in use. Set 'Management:Port' to a free one, " +
                "or to 0 to have one chosen.",
                exception);
        }

        Address = new Uri(_server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());
        _log.LogInformation("Metrics are served at {MetricsAddress}", new Uri(Address, "/metrics"));
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_server is not null)
        {
            await _server.StopAsync(cancellationToken);
        }
    }

    public void Dispose() => _server?.Dispose();

    private sealed class MetricsOnly(PrometheusExporter metrics) : IHttpApplication<HttpContext>
    {
        private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public async Task ProcessRequestAsync(HttpContext context)
        {
            if (context.Request.Path != "/metrics")
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            if (!HttpMethods.IsGet(context.Request.Method))
            {
                context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
                context.Response.Headers.Allow = HttpMethods.Get;
                return;
            }

            var body = Encoding.UTF8.GetBytes(await metrics.RenderAsync(context.RequestAborted));
            context.Response.ContentType = ContentType;
            context.Response.ContentLength = body.Length;
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }
}
