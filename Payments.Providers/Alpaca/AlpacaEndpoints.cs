using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using Payments.Providers.Disturbances;

namespace Payments.Providers.Alpaca;

/// <summary>
/// Alpaca's accounts on the wire: a bare array of at most a thousand, by time of creation, pages by
/// <c>created_after</c> and <c>created_before</c>, a trading account for each with its buying power, errors as a code
/// and a message (https://docs.alpaca.markets/reference/accounts-4).
/// </summary>
internal static class AlpacaEndpoints
{
    private const int PageSize = 1_000;
    private const long BadRequest = 40010000;
    private const long NotAuthorized = 40110000;
    private const long NotFound = 40410000;
    private const long ServerError = 50010000;

    public static void MapAlpaca(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/accounts", ListAsync);
        routes.MapGet("/v1/trading/accounts/{id}/account", GetAsync);
    }

    private static async Task ListAsync(
        HttpContext context,
        Sandbox sandbox,
        IOptions<SandboxOptions> options,
        TimeProvider clock,
        [Microsoft.AspNetCore.Mvc.FromQuery(Name = "created_after")] string? createdAfter = null,
        [Microsoft.AspNetCore.Mvc.FromQuery(Name = "created_before")] string? createdBefore = null,
        string? sort = null)
    {
        // Only the list catches up with the flows: a thousand accounts behind it are of one moment.
        if (!await IsServedAsync(context, sandbox.Alpaca, options.Value, catchUp: true))
        {
            return;
        }

        if (!TryReadTime(createdAfter, out var after) || !TryReadTime(createdBefore, out var before)
            || sort is not (null or "asc" or "desc"))
        {
            await Wire.WriteAsync(context, 422, Wire.Error(BadRequest, "A query parameter is not valid."));
            return;
        }

        var told = sandbox.Alpaca.Told!;
        var accounts = told.All
            .Where(one => (after is null || one.Since > after) && (before is null || one.Since < before));
        var sorted = sort == "asc"
            ? accounts.OrderBy(one => one.Since).ThenBy(one => one.AccountId)
            : accounts.OrderByDescending(one => one.Since).ThenBy(one => one.AccountId);
        Wire.TellAge(context, told, clock);
        await context.Response.WriteAsJsonAsync(
            sorted.Take(PageSize).Select(one => new
            {
                id = one.AccountId,
                account_number = Number(one),
                status = "ACTIVE",
                currency = sandbox.Alpaca.Currency,
                created_at = one.Since.UtcDateTime,
            }).ToList(),
            context.RequestAborted);
    }

    private static async Task GetAsync(
        string id, HttpContext context, Sandbox sandbox, IOptions<SandboxOptions> options, TimeProvider clock)
    {
        if (!await IsServedAsync(context, sandbox.Alpaca, options.Value, catchUp: false))
        {
            return;
        }

        var told = sandbox.Alpaca.Told!;
        if (!Guid.TryParse(id, out var accountId)
            || told.All.FirstOrDefault(one => one.AccountId == accountId) is not { } account)
        {
            await Wire.WriteAsync(context, 404, Wire.Error(NotFound, "There is no account with this id."));
            return;
        }

        var amount = sandbox.Alpaca.Write(account.Amount);
        Wire.TellAge(context, told, clock);
        await context.Response.WriteAsJsonAsync(
            new
            {
                id = account.AccountId,
                account_number = Number(account),
                status = "ACTIVE",
                currency = sandbox.Alpaca.Currency,
                buying_power = amount,
                cash = amount,
                cash_withdrawable = amount,
                equity = amount,
                multiplier = "1",
                trading_blocked = false,
                transfers_blocked = false,
                account_blocked = false,
                created_at = account.Since.UtcDateTime,
            },
            context.RequestAborted);
    }

    /// <summary>Whether the request is one to be answered; if not, it has been.</summary>
    private static async Task<bool> IsServedAsync(
        HttpContext context, SandboxProvider alpaca, SandboxOptions options, bool catchUp)
    {
        if (await Wire.BreaksAsync(context, alpaca, Wire.Error(ServerError, "An internal error occurred.")))
        {
            return false;
        }

        var credentials = Encoding.UTF8.GetBytes($"{options.AlpacaKeyId}:{options.AlpacaSecret}");
        if (!Wire.IsAuthorized(context, $"Basic {Convert.ToBase64String(credentials)}"))
        {
            await Wire.WriteAsync(context, 401, Wire.Error(NotAuthorized, "The request is not authorized."));
            return false;
        }

        if (catchUp || alpaca.Told is null)
        {
            await alpaca.CatchUpAsync(context.RequestAborted);
        }

        if (alpaca.Told is not null)
        {
            return true;
        }

        await Wire.WriteAsync(context, 503, Wire.Error(ServerError, "The flows could not be read yet."));
        return false;
    }

    private static bool TryReadTime(string? text, out DateTimeOffset? time)
    {
        time = null;
        if (text is null)
        {
            return true;
        }

        var isTime = DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var read);
        time = read;
        return isTime;
    }

    private static string Number(Holding account) => account.WalletId[..9];
}
