using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Recon.Worker.Tests.Providers;

/// <summary>
/// A provider behind a real socket: answers each address with what was scripted for it, one after the other, the last
/// for ever; an address without a script is 404.
/// </summary>
internal sealed class ProviderServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Func<HttpContext, Task>>> _scripts =
        new(StringComparer.Ordinal);

    private readonly WebApplication _app;

    private ProviderServer(WebApplication app) => _app = app;

    public string Address { get; private set; } = "";

    /// <summary>Path and query of each request, and its credentials.</summary>
    public ConcurrentQueue<(string Address, string? Credentials)> Received { get; } = [];

    public static async Task<ProviderServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new ProviderServer(builder.Build());
        server._app.Run(server.AnswerAsync);
        await server._app.StartAsync();
        server.Address = server._app.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return server;
    }

    /// <summary>What the provider was recorded to answer.</summary>
    public static string Recorded(string name) =>
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Providers", "Recorded", name));

    /// <param name="headers">As <c>Name: value</c>.</param>
    public ProviderServer Answers(
        string address, string body, HttpStatusCode status = HttpStatusCode.OK, params string[] headers) =>
        Answers(address, context =>
        {
            context.Response.StatusCode = (int)status;
            context.Response.ContentType = "application/json";
            foreach (var header in headers)
            {
                var colon = header.IndexOf(':', StringComparison.Ordinal);
                context.Response.Headers.Append(header[..colon], header[(colon + 1)..].Trim());
            }

            return context.Response.WriteAsync(body);
        });

    public ProviderServer Answers(string address, Func<HttpContext, Task> answer)
    {
        _scripts.GetOrAdd(address, _ => []).Enqueue(answer);
        return this;
    }

    /// <summary>Forgets what was scripted for the address.</summary>
    public ProviderServer Forgets(string address)
    {
        _scripts.TryRemove(address, out _);
        return this;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private Task AnswerAsync(HttpContext context)
    {
        var address = context.Request.Path + context.Request.QueryString.ToString();
        Received.Enqueue((address, context.Request.Headers.Authorization));
        if (!_scripts.TryGetValue(address, out var script) || !script.TryPeek(out var answer))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        if (script.Count > 1)
        {
            script.TryDequeue(out _);
        }

        return answer(context);
    }
}
