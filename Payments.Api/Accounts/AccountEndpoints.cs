using Payments.Api.Keys;
using Payments.Api.Paging;
using Payments.Ledger.Accounts;

namespace Payments.Api.Accounts;

internal static class AccountEndpoints
{
    public static void AddAccounts(this IServiceCollection services)
    {
        services.AddSingleton<FindAccount>();
        services.AddSingleton<GetBalance>();
        services.AddSingleton<ListEntries>();
    }

    public static void MapAccounts(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").RequireAuthorization(Scopes.PaymentsRead).WithTags("Accounts");

        group.MapGet("/accounts/{accountId}/balance", BalanceAsync)
            .WithName("GetBalance").WithSummary("An account's balance, and what is queued for it")
            .DescribesQuery("currency")
            .Produces<BalanceAnswer>()
            .ProducesProblems(400, 404, 503);

        group.MapGet("/api/v1/accounts/{accountId}/ledger", LedgerAsync)
            .WithName("ListAccountEntries").WithSummary("An account's ledger entries, newest first")
            .DescribesPage("currency")
            .Produces<ListAnswer<AccountEntryAnswer>>()
            .ProducesProblems(400, 404, 422, 503);
    }

    private static async Task<IResult> BalanceAsync(
        string accountId, HttpContext context, FindAccount findAccount, GetBalance getBalance)
    {
        var unknown = context.Request.Query.FirstOrDefault(pair => pair.Key != "currency" || pair.Value.Count != 1);
        if (unknown.Key is { } name)
        {
            return Problems.InvalidParameters(name == "currency"
                ? ProblemError.Of(name, "duplicate_parameter", "is given more than once")
                : ProblemError.Of(name, "unknown_parameter", "is not a parameter of a balance"));
        }

        var cancel = context.RequestAborted;
        var currency = context.Request.Query["currency"];
        var (problem, parts) = await findAccount.ExecuteAsync(
            accountId, currency.Count == 0 ? null : currency.ToString(), cancel);
        return problem is not null
            ? problem
            : JsonAnswer.Of(
                await getBalance.ExecuteAsync(FindAccount.Unescape(accountId), parts, cancel),
                ApiJson.Default.BalanceAnswer);
    }

    private static async Task<IResult> LedgerAsync(
        string accountId, HttpContext context, FindAccount findAccount, ListEntries listEntries)
    {
        var query = new PageQuery(context.Request, "currency");
        if (query.Check() is { } wrongQuery)
        {
            return wrongQuery;
        }

        var (problem, parts) = await findAccount.ExecuteAsync(accountId, query.Get("currency"), context.RequestAborted);
        if (problem is not null)
        {
            return problem;
        }

        if (accountId == AccountName.Clearing)
        {
            return new Problem(
                ProblemTypes.AccountDivided, "Ask for the entries of one part: clearing%2F00 to clearing%2F63.");
        }

        long? cursor = null;
        if ((query.StartingAfter ?? query.EndingBefore) is { } text)
        {
            if (!ListEntries.TryParseCursor(text, parts[0], out var position))
            {
                return PageQuery.UnknownCursor("The cursor is not the id of an entry of this account.");
            }

            cursor = position;
        }

        var entries = await listEntries.ExecuteAsync(parts[0], cursor, query, context.RequestAborted);
        return JsonAnswer.Of(
            Page.Of(context, query, entries, entry => entry, entry => entry.Id),
            ApiJson.Default.ListAnswerAccountEntryAnswer);
    }
}
