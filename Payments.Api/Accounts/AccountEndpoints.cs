using Payments.Api.Describing;
using Payments.Api.Events;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Api.Paging;
using Payments.Ledger;

namespace Payments.Api.Accounts;

/// <summary>Accounts: opening them, finding them, and what they have.</summary>
internal static class AccountEndpoints
{
    public static void AddAccounts(this IServiceCollection services)
    {
        services.AddSingleton<FindAccount>();
        services.AddSingleton<FindPast>();
        services.AddSingleton<GetBalance>();
        services.AddSingleton<ListAccounts>();
        services.AddSingleton<OpenAccount>();
        services.AddHistory();
    }

    /// <summary>At two addresses, since the documents have both; only the first is named.</summary>
    public static void MapAccounts(this IEndpointRouteBuilder routes)
    {
        Map(routes.MapGroup("/accounts").WithTags("Accounts"), suffix: "");
        Map(routes.MapGroup("/api/v1/accounts").WithTags("Accounts"), suffix: "V1");
    }

    private static void Map(RouteGroupBuilder group, string suffix)
    {
        group.MapPost("", OpenAsync)
            .RequireAuthorization(Scopes.PaymentsWrite)
            .WithName("OpenAccount" + suffix)
            .WithSummary("Opens an account; again, with the same settings, it answers with the account as it is")
            .DescribesKey(required: false).DescribesOpenAccount()
            .Answers(AccountExamples.Opened, StatusCodes.Status201Created)
            .Answers(AccountExamples.Opened)
            .ProducesProblems(ProblemTypes.AccountExists);

        group.MapGet("", ListAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("ListAccounts" + suffix).WithSummary("Accounts by name; search is what names begin with")
            .DescribesPage("search", "currency")
            .Answers(Examples.ListOf("/accounts", AccountExamples.Account));

        group.MapGet("/{accountId}/balance", BalanceAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("GetBalance" + suffix)
            .WithSummary("An account's balance and what is queued for it, or its balance at a moment of the past")
            .DescribesQuery("currency", "at")
            .Answers(AccountExamples.Balance)
            .ProducesProblems(ProblemTypes.AccountNotFound);

        group.MapHistory(suffix);
    }

    private static async Task<IResult> OpenAsync(
        HttpContext context, OpenAccount openAccount, KeyedChange change, ChangeFeed changes)
    {
        if (RequestBody.RefuseMediaType(context.Request) is { } wrongType)
        {
            return wrongType;
        }

        if (KeyedChange.ReadKey(context, out var key) is { } wrongKey)
        {
            return wrongKey;
        }

        byte[] canonical = [];
        var (problem, request) = await RequestBody.ReadAsync(
            context, (ReadOnlySpan<byte> json, out OpenAccountRequest? value) =>
            {
                var refusal = OpenAccountParser.Parse(json, out value);
                canonical = refusal is null ? CanonicalJson.Of(json) : [];
                return refusal;
            });
        if (problem is not null)
        {
            return problem;
        }

        var actor = Caller.Of(context).Actor;
        return await change.RunAsync(context, key, canonical, async (transaction, cancel) =>
            await openAccount.ExecuteAsync(transaction.Connection!, request!, actor, cancel) switch
            {
                OpenAccountResult.Opened { Account: var account } => new Outcome.Done(
                    FinishedAnswer.Of(
                        StatusCodes.Status201Created, account.ToAnswer(), ApiJson.Default.AccountAnswer,
                        $"/accounts/{account.Name}/balance?currency={account.Currency}"),
                    () => changes.Publish(Change.Accounts)),
                OpenAccountResult.Existed { Account: var account } => FinishedAnswer.Of(
                    StatusCodes.Status200OK, account.ToAnswer(), ApiJson.Default.AccountAnswer),
                _ => (Outcome)new Problem(
                    ProblemTypes.AccountExists, "The account is open already, with another minimum balance."),
            });
    }

    private static async Task<IResult> ListAsync(HttpContext context, ListAccounts listAccounts)
    {
        var query = new PageQuery(context.Request, "search", "currency");
        var search = query.Get("search")?.Trim();
        var currency = query.Get("currency");
        if (currency is not null && !Currency.TryGet(currency, out _))
        {
            query.Refuse("currency", "unknown_currency", "must be an ISO 4217 code in capitals, or USDC");
        }

        if (query.Check() is { } problem)
        {
            return problem;
        }

        return await listAccounts.ExecuteAsync(search, currency, query, context.RequestAborted) is { } rows
            ? JsonAnswer.Of(
                Page.Of(context, query, rows, row => row.ToAnswer(), account => account.Id),
                ApiJson.Default.ListAnswerAccountAnswer)
            : PageQuery.UnknownCursor("The cursor is not the id of an account.");
    }

    private static async Task<IResult> BalanceAsync(
        string accountId, HttpContext context, FindAccount findAccount, GetBalance getBalance, FindPast findPast,
        TimeProvider clock)
    {
        var query = new QueryParameters(context.Request, "currency", "at");
        var at = query.GetTime("at");
        if (at > clock.GetUtcNow())
        {
            query.Refuse("at", "in_the_future", "must not lie in the future");
        }

        if (query.Check() is { } wrongQuery)
        {
            return wrongQuery;
        }

        var cancel = context.RequestAborted;
        var (problem, parts) = await findAccount.ExecuteAsync(accountId, query.Get("currency"), cancel);
        if (problem is not null)
        {
            return problem;
        }

        var name = FindAccount.Unescape(accountId);
        if (at is not { } moment)
        {
            return JsonAnswer.Of(
                await getBalance.ExecuteAsync(name, parts, cancel), ApiJson.Default.BalanceAnswer);
        }

        // The moment itself counts: times are kept to the microsecond.
        var past = await findPast.BeforeAsync(parts, moment.AddTicks(TimeSpan.TicksPerMicrosecond), cancel);
        return JsonAnswer.Of(
            GetBalance.Past(name, parts[0], past, moment), ApiJson.Default.BalanceAnswer);
    }
}
