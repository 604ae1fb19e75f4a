using System.Globalization;
using Microsoft.Extensions.Options;
using Payments.Providers.Disturbances;

namespace Payments.Providers.Circle;

/// <summary>
/// Circle's wallets on the wire: <c>{"data": [...]}</c>, newest first, pages behind or before a wallet's id with their
/// neighbours in the Link header, errors as a code and a message
/// (https://developers.circle.com/circle-mint/pagination-and-filtering,
/// https://developers.circle.com/api-reference/circle-mint/error-codes).
/// </summary>
internal static class CircleEndpoints
{
    private const int DefaultPageSize = 10;
    private const int LargestPageSize = 50;
    private const int InvalidEntity = 2;

    public static void MapCircle(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/ping", () => TypedResults.Ok(new { message = "pong" }));
        routes.MapGet("/v1/wallets", ListAsync);
    }

    private static async Task ListAsync(
        HttpContext context,
        Sandbox sandbox,
        IOptions<SandboxOptions> options,
        TimeProvider clock,
        string? pageAfter = null,
        string? pageBefore = null,
        string? pageSize = null)
    {
        var circle = sandbox.Circle;
        if (await Wire.BreaksAsync(context, circle, Wire.Error(-1, "Something went wrong.")))
        {
            return;
        }

        if (!Wire.IsAuthorized(context, $"Bearer {options.Value.CircleApiKey}"))
        {
            await Wire.WriteAsync(context, 401, Wire.Error(401, "The API key is missing or not known."));
            return;
        }

        // One moment for all pages as far as it goes: only the first page catches up with the flows.
        if ((pageAfter is null && pageBefore is null) || circle.Told is null)
        {
            await circle.CatchUpAsync(context.RequestAborted);
        }

        if (circle.Told is not { } told)
        {
            await Wire.WriteAsync(context, 503, Wire.Error(-1, "The flows could not be read yet."));
            return;
        }

        var size = DefaultPageSize;
        if (pageSize is not null
            && (!int.TryParse(pageSize, NumberStyles.None, CultureInfo.InvariantCulture, out size) || size == 0))
        {
            await Wire.WriteAsync(context, 400, Wire.Error(InvalidEntity, "pageSize must be at least 1."));
            return;
        }

        var wallets = told.All.OrderByDescending(one => one.Since)
            .ThenBy(one => one.WalletId, StringComparer.Ordinal).ToList();
        if (Cut(wallets, pageAfter, pageBefore, Math.Min(size, LargestPageSize)) is not var (start, end))
        {
            await Wire.WriteAsync(context, 400, Wire.Error(InvalidEntity, "No wallet has the id of the cursor."));
            return;
        }

        Link(context, wallets, start, end, Math.Min(size, LargestPageSize));
        Wire.TellAge(context, told, clock);
        var data = wallets[start..end].Select(holding => Show(holding, circle)).ToList();
        await context.Response.WriteAsJsonAsync(new { data }, context.RequestAborted);
    }

    /// <summary>The part of the list that the page is; null when a cursor is no wallet.</summary>
    private static (int Start, int End)? Cut(List<Holding> wallets, string? after, string? before, int size)
    {
        var cursor = (after ?? before) is { } id ? wallets.FindIndex(one => one.WalletId == id) : -1;
        return (after, before, cursor) switch
        {
            (null, null, _) => (0, Math.Min(size, wallets.Count)),
            (_, _, -1) => null,
            (not null, _, _) => (cursor + 1, Math.Min(cursor + 1 + size, wallets.Count)),
            _ => (Math.Max(0, cursor - size), cursor),
        };
    }

    private static void Link(HttpContext context, List<Holding> wallets, int start, int end, int size)
    {
        var request = context.Request;
        var list = FormattableString.Invariant(
            $"{request.Scheme}://{request.Host}{request.PathBase}{request.Path}?pageSize={size}");
        var links = new List<string>
        {
            $"<{request.Scheme}://{request.Host}{request.PathBase}{request.Path}{request.QueryString}>; rel=\"self\"",
            $"<{list}>; rel=\"first\"",
        };
        if (start > 0 && start < end)
        {
            links.Add($"<{list}&pageBefore={wallets[start].WalletId}>; rel=\"prev\"");
        }

        if (end < wallets.Count)
        {
            links.Add($"<{list}&pageAfter={wallets[end - 1].WalletId}>; rel=\"next\"");
        }

        context.Response.Headers.Link = string.Join(", ", links);
    }

    private static object Show(Holding holding, SandboxProvider circle) => new
    {
        walletId = holding.WalletId,
        entityId = "b3d9d2d5-4c12-4946-a09d-953e82fae2b0",
        type = holding.User == SandboxProvider.House ? "merchant" : "end_user_wallet",
        description = holding.User == SandboxProvider.House ? "Master Wallet" : holding.User,
        balances = (object[])[new { amount = circle.Write(holding.Amount), currency = "USD" }],
    };
}
