using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Payments.Providers.Tests;

/// <summary>The API's lists of completed flows, in the order of completion, behind a real socket.</summary>
public sealed class FlowsServer : IAsyncDisposable
{
    public const string Key = "key-of-the-sandbox";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<Dictionary<string, object>>> _lists = new(StringComparer.Ordinal)
    {
        ["deposits"] = [],
        ["conversions"] = [],
        ["withdrawals"] = [],
    };

    private readonly WebApplication _app;

    private FlowsServer(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    /// <summary>While set, every list answers 500.</summary>
    public bool IsDown { get; set; }

    /// <summary>Requests for lists so far.</summary>
    public int Requests => _requests;

    private int _requests;

    public static async Task<FlowsServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new FlowsServer(app);
        app.MapGet("/api/v1/{kind}", server.List);
        await app.StartAsync();
        server.Address = new(app.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return server;
    }

    public FlowsServer Deposit(string user, decimal usdc) =>
        Add("deposits", user, ("amount", usdc), ("currency", "USDC"));

    public FlowsServer Convert(string user, decimal usdc, decimal usd) =>
        Add("conversions", user, ("usdcAmount", usdc), ("usdAmount", usd));

    public FlowsServer Withdraw(string user, decimal usd) =>
        Add("withdrawals", user, ("amount", usd), ("currency", "USD"));

    /// <summary>Another database, without any flow.</summary>
    public FlowsServer StartsOver()
    {
        lock (_lock)
        {
            foreach (var list in _lists.Values)
            {
                list.Clear();
            }
        }

        return this;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private FlowsServer Add(string kind, string user, params (string Name, object Value)[] members)
    {
        lock (_lock)
        {
            var number = _lists.Values.Sum(list => list.Count);
            var flow = new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["id"] = Guid.CreateVersion7(),
                ["accountId"] = user,
                ["status"] = "completed",
                ["reference"] = $"ref-{number}",
                ["createdAt"] = new DateTime(2026, 3, 1, 10, 0, 0, DateTimeKind.Utc).AddSeconds(number),
            };
            foreach (var (name, value) in members)
            {
                flow[name] = value;
            }

            _lists[kind].Add(flow);
        }

        return this;
    }

    private IResult List(HttpContext context, string kind)
    {
        Interlocked.Increment(ref _requests);
        if (IsDown)
        {
            return Results.StatusCode(500);
        }

        if (context.Request.Headers.Authorization != $"Bearer {Key}")
        {
            return Results.StatusCode(401);
        }

        var query = context.Request.Query;
        if (query["status"] != "completed")
        {
            return Results.StatusCode(400);
        }

        var limit = int.Parse(query["limit"]!, CultureInfo.InvariantCulture);
        lock (_lock)
        {
            // Oldest first; a page is shown the other way round.
            var flows = _lists[kind];
            int Place(string cursor) => flows.FindIndex(flow => flow["id"].ToString() == query[cursor]);
            if (query.Keys.Any(name => name is "ending_before" or "starting_after" && Place(name) < 0))
            {
                return Results.StatusCode(400);
            }

            var (from, to) = (0, flows.Count);
            if (query.ContainsKey("ending_before"))
            {
                from = Place("ending_before") + 1;
                to = Math.Min(flows.Count, from + limit);
                return Page(flows[from..to], to < flows.Count);
            }

            to = query.ContainsKey("starting_after") ? Place("starting_after") : flows.Count;
            from = Math.Max(0, to - limit);
            return Page(flows[from..to], from > 0);
        }
    }

    private static IResult Page(List<Dictionary<string, object>> flows, bool hasMore) => Results.Json(
        new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["object"] = "list",
            ["data"] = Enumerable.Reverse(flows).ToList(),
            ["has_more"] = hasMore,
            ["url"] = "/",
        });
}
