using Payments.Api.Describing;
using Payments.Api.Keys;
using Payments.Api.Paging;
using Payments.Ledger.Accounts;

namespace Payments.Api.Accounts;

/// <summary>What happened on an account: its entries page by page or as a file, and its statements.</summary>
internal static class HistoryEndpoints
{
    public static void AddHistory(this IServiceCollection services)
    {
        services.AddSingleton<ListEntries>();
        services.AddSingleton<ReadLines>();
        services.AddSingleton<ExportEntries>();
        services.AddSingleton<Statement>();
    }

    public static void MapHistory(this RouteGroupBuilder group, string suffix)
    {
        group.MapGet("/{accountId}/ledger", LedgerAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("ListAccountEntries" + suffix)
            .WithSummary("An account's ledger entries, newest first; as CSV all of them, oldest first")
            .DescribesPage("currency", "kind", "from", "to", "format")
            .DescribesParameter("kind", "Kind of the transactions", "payment", EntryFilter.Kinds)
            .Answers(Examples.ListOf("/accounts/ACC-001/ledger", AccountExamples.Entry))
            .AnswersCsv(AccountExamples.EntriesCsv)
            .ProducesProblems(ProblemTypes.AccountNotFound, ProblemTypes.AccountDivided);

        group.MapGet("/{accountId}/statement", StatementAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("GetStatement" + suffix)
            .WithSummary("Opening balance, entries and closing balance of a period")
            .DescribesQuery("currency", "from", "to", "format")
            .Answers(AccountExamples.Statement)
            .AnswersCsv(AccountExamples.StatementCsv)
            .ProducesProblems(ProblemTypes.AccountNotFound, ProblemTypes.AccountDivided);
    }

    private static async Task<IResult> LedgerAsync(
        string accountId, HttpContext context, FindAccount findAccount, FindPast findPast, ListEntries listEntries,
        ExportEntries exportEntries)
    {
        var query = new PageQuery(context.Request, "currency", "kind", "from", "to", "format");
        var (from, to) = ReadPeriod(query);
        var csv = CsvFile.IsWanted(context.Request, query);
        var kind = query.Get("kind");
        if (kind is not null && !EntryFilter.Kinds.Contains(kind, StringComparer.Ordinal))
        {
            query.Refuse("kind", "unknown_kind", "must be one of " + string.Join(", ", EntryFilter.Kinds));
        }

        var (problem, account) = await FindAsync(accountId, context, query, findAccount);
        if (account is null)
        {
            return problem!;
        }

        var cancel = context.RequestAborted;
        var filter = new EntryFilter(
            from is { } start ? (await findPast.BeforeAsync([account], start, cancel)).Position : 0,
            to is { } end ? (await findPast.BeforeAsync([account], end, cancel)).Position + 1 : long.MaxValue,
            kind);
        if (csv)
        {
            return exportEntries.Of(account, filter);
        }

        long? cursor = null;
        if ((query.StartingAfter ?? query.EndingBefore) is { } text)
        {
            if (!ListEntries.TryParseCursor(text, account, out var position))
            {
                return PageQuery.UnknownCursor("The cursor is not the id of an entry of this account.");
            }

            cursor = position;
        }

        var entries = await listEntries.ExecuteAsync(account, filter, cursor, query, cancel);
        return JsonAnswer.Of(
            Page.Of(context, query, entries, entry => entry, entry => entry.Id),
            ApiJson.Default.ListAnswerAccountEntryAnswer);
    }

    private static async Task<IResult> StatementAsync(
        string accountId, HttpContext context, FindAccount findAccount, FindPast findPast, Statement statement,
        TimeProvider clock)
    {
        var query = new QueryParameters(context.Request, "currency", "from", "to", "format");
        var (from, to) = ReadPeriod(query);
        var csv = CsvFile.IsWanted(context.Request, query);
        var (problem, account) = await FindAsync(accountId, context, query, findAccount);
        if (account is null)
        {
            return problem!;
        }

        // Entries are stamped by the database's clock, which may be ahead of this one: another statement may always
        // begin where the last one ended.
        if (to is null && from > clock.GetUtcNow() && from > StatementPeriod.EndOf(account))
        {
            return Problems.InvalidParameters(ProblemError.Of(
                "from", "empty_period", "must be before the end of the period, which is now"));
        }

        // What is posted from now on is left out of the whole answer: its end was fixed when the account was found.
        var cancel = context.RequestAborted;
        var opening = from is { } start
            ? await findPast.BeforeAsync([account], start, cancel)
            : new PastBalance(0, 0);
        var period = to is { } end
            ? new StatementPeriod(from, end, opening, await findPast.BeforeAsync([account], end, cancel))
            : StatementPeriod.UntilLast(from, opening, account);
        return statement.Of(account, period, csv);
    }

    private static async Task<(Problem? Problem, AccountRow? Account)> FindAsync(
        string accountId, HttpContext context, QueryParameters query, FindAccount findAccount)
    {
        if (query.Check() is { } wrongQuery)
        {
            return (wrongQuery, null);
        }

        var (problem, parts) = await findAccount.ExecuteAsync(
            accountId, query.Get("currency"), context.RequestAborted);
        return problem is not null ? (problem, null)
            : accountId == AccountName.Clearing ? (new Problem(
                ProblemTypes.AccountDivided, "Ask for the entries of one part: clearing%2F00 to clearing%2F63."), null)
            : (null, parts[0]);
    }

    /// <summary>From the first moment of a period to the first moment after it.</summary>
    private static (DateTimeOffset? From, DateTimeOffset? To) ReadPeriod(QueryParameters query)
    {
        var (from, to) = (query.GetTime("from"), query.GetTime("to"));
        if (from >= to)
        {
            query.Refuse("to", "empty_period", "must be after 'from': it is the first moment after the period");
        }

        return (from, to);
    }
}
