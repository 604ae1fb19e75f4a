using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;
using Payments.ServiceDefaults.Metrics;

// Activity sources and meters are known to the whole process: tests side by side would see each other's spans.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Payments.ServiceDefaults.Tests;

/// <summary>A service with the defaults on a real server and a free port, and what it recorded.</summary>
internal sealed class TestService : IAsyncDisposable
{
    private TestService(WebApplication app, CapturedSpans spans)
    {
        App = app;
        Spans = spans;
        var connection = new SocketsHttpHandler { MaxConnectionsPerServer = 1, ActivityHeadersPropagator = null };
        Client = new HttpClient(connection) { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public WebApplication App { get; }

    public CapturedSpans Spans { get; }

    /// <summary>
    /// Uses one connection, so that a request has wholly ended, its span included, before the next one is read.
    /// </summary>
    public HttpClient Client { get; }

    public Uri MetricsAddress =>
        new(App.Services.GetRequiredService<ManagementListener>().Address!, "/metrics");

    public static async Task<TestService> StartAsync(
        Action<WebApplicationBuilder>? configure = null,
        Action<WebApplication>? map = null,
        string environment = "Development",
        params (string Name, string Value)[] settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(
            settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)));

        builder.AddServiceDefaults();

        var spans = new CapturedSpans();
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddProcessor(spans));
        builder.Logging.ClearProviders();
        configure?.Invoke(builder);

        var app = builder.Build();
        map?.Invoke(app);
        app.MapDefaultEndpoints();

        try
        {
            await app.StartAsync();
            return new TestService(app, spans);
        }
        catch
        {
            // What was started before the failure would go on sampling the spans of later tests.
            await app.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
    }
}
