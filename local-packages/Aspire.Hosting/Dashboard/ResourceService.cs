using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Dashboard;

/// <summary>
/// What the dashboard's Resources and Console pages are fed from: gRPC on the loopback, for callers with the run's key.
/// </summary>
internal sealed class ResourceService(
    DashboardOptions options,
    ResourceNotificationService notifications,
    ConsoleLog console,
    ResourceCommandService commands,
    IHostEnvironment environment,
    ILogger<ResourceService> logger) : IAsyncDisposable
{
    private const string Path = "/aspire.v1.DashboardService/";
    private const string KeyHeader = "x-resource-service-api-key";

    // Status codes of gRPC.
    private const int Ok = 0;
    private const int Unimplemented = 12;
    private const int Internal = 13;
    private const int Unauthenticated = 16;

    private WebApplication? _server;

    public async Task StartAsync(CancellationToken cancel)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback,
            new Uri(options.ResourceServiceUrl).Port,
            listen => listen.Protocols = HttpProtocols.Http2));
        _server = builder.Build();
        _server.Run(AnswerAsync);
        await _server.StartAsync(cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "application/grpc";
        var (status, message) = (Ok, "");

        try
        {
            status = IsAllowed(context.Request) ? await DispatchAsync(context) : Unauthenticated;
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested)
        {
            logger.LogDebug(e, "The dashboard hung up");
            return;
        }
        // A call that fails must not end the application; the dashboard shows the reason.
        catch (Exception e)
        {
            logger.LogWarning(e, "{Call} failed", context.Request.Path);
            (status, message) = (Internal, e.Message);
        }

        context.Response.AppendTrailer("grpc-status", status.ToString(CultureInfo.InvariantCulture));
        context.Response.AppendTrailer("grpc-message", Uri.EscapeDataString(message));
    }

    private bool IsAllowed(HttpRequest request) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(request.Headers[KeyHeader].ToString()),
        Encoding.UTF8.GetBytes(options.ResourceServiceKey));

    private async Task<int> DispatchAsync(HttpContext context)
    {
        var call = context.Request.Path.Value ?? "";
        var cancel = context.RequestAborted;

        switch (call.StartsWith(Path, StringComparison.Ordinal) ? call[Path.Length..] : "")
        {
            case "GetApplicationInformation":
                var name = environment.ApplicationName.Replace(".AppHost", "", StringComparison.Ordinal);
                await ReplyAsync(context, new ApplicationInformationResponse { ApplicationName = name });
                return Ok;

            case "WatchResources":
                await WatchResourcesAsync(context, cancel);
                return Ok;

            case "WatchResourceConsoleLogs":
                var watch = await GrpcFrames.ReadAsync<WatchResourceConsoleLogsRequest>(context.Request, cancel);
                await WatchLogsAsync(context, watch, cancel);
                return Ok;

            case "ExecuteResourceCommand":
                var command = await GrpcFrames.ReadAsync<ResourceCommandRequest>(context.Request, cancel);
                await ReplyAsync(context, await ExecuteAsync(command, cancel));
                return Ok;

            case "WatchInteractions":
                // Nothing here asks a person a question: the call stays open and silent.
                await context.Response.StartAsync(cancel);
                await Task.Delay(Timeout.Infinite, cancel);
                return Ok;

            default:
                return Unimplemented;
        }
    }

    private static Task ReplyAsync(HttpContext context, Google.Protobuf.IMessage message) =>
        GrpcFrames.WriteAsync(context.Response, message, context.RequestAborted);

    /// <summary>The whole state at once, then every change.</summary>
    private async Task WatchResourcesAsync(HttpContext context, CancellationToken cancel)
    {
        var initial = new InitialResourceData();
        initial.Resources.AddRange(notifications.Current().Select(ResourceView.Of));
        await ReplyAsync(context, new WatchResourcesUpdate { InitialData = initial });

        await foreach (var update in notifications.WatchAsync(cancel))
        {
            var change = new WatchResourcesChange { Upsert = ResourceView.Of(update) };
            var changes = new WatchResourcesChanges { Value = { change } };
            await ReplyAsync(context, new WatchResourcesUpdate { Changes = changes });
        }
    }

    private async Task WatchLogsAsync(
        HttpContext context, WatchResourceConsoleLogsRequest request, CancellationToken cancel)
    {
        await context.Response.StartAsync(cancel);

        await foreach (var lines in console.ReadAsync(request.ResourceName, !request.SuppressFollow, cancel))
        {
            await ReplyAsync(context, new WatchResourceConsoleLogsUpdate { LogLines = { lines } });
        }
    }

    private async Task<ResourceCommandResponse> ExecuteAsync(ResourceCommandRequest request, CancellationToken cancel)
    {
        var result = await commands.ExecuteCommandAsync(request.ResourceName, request.CommandName, cancel);
        return ResourceView.Of(result);
    }
}
