using System.Data;
using Npgsql;
using Payments.Api.Accounts;
using Payments.Api.Describing;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Api.Paging;

namespace Payments.Api.AccountReconciliations;

internal static class ReconciliationEndpoints
{
    private const string Currency = "currency";
    private const string Report = "report";

    public static void AddAccountReconciliations(this IServiceCollection services)
    {
        services.AddSingleton<ReconcileAccount>();
        services.AddSingleton<ReadReconciliations>();
    }

    public static void MapAccountReconciliations(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/accounts/{accountId}").WithTags("Reconciliation");

        group.MapPost("/reconcile", ReconcileAsync)
            .RequireAuthorization(Scopes.ReconciliationAdmin)
            .WithName("ReconcileAccount").WithSummary("Checks an account against its payments and stores the report")
            .DescribesQuery(Currency, "limit")
            .DescribesKey(required: false)
            .DescribesTextBody(ReconcileRequest.Members).WithBodyExample(ReconciliationExamples.Period)
            .Answers(ReconciliationExamples.Difference, StatusCodes.Status201Created)
            .AnswersHeader("Location", "Address of the report", StatusCodes.Status201Created)
            .ProducesProblems(
                ProblemTypes.AccountNotFound, ProblemTypes.ReconciliationInProgress, ProblemTypes.Overloaded);

        group.MapGet("/reconciliation-history", HistoryAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("ListAccountReconciliations").WithSummary("The reports of an account, newest first")
            .DescribesPage(Currency)
            .Answers(Examples.ListOf(
                "/api/v1/accounts/ACC-001/reconciliation-history", ReconciliationExamples.Report))
            .ProducesProblems(ProblemTypes.AccountNotFound);

        group.MapGet("/reconciliation-difference", DifferenceAsync)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithName("GetReconciliationDifference")
            .WithSummary("The last report of an account, or the one named, with what it found")
            .DescribesPage(Currency, Report)
            .Answers(ReconciliationExamples.Difference)
            .ProducesProblems(ProblemTypes.AccountNotFound, ProblemTypes.ReconciliationNotFound);
    }

    private static async Task<IResult> ReconcileAsync(
        string accountId,
        HttpContext context,
        FindAccount findAccount,
        ReconcileAccount reconcile,
        KeyedChange change,
        TimeProvider clock)
    {
        var query = new PageQuery(context.Request, Currency);
        if ((query.StartingAfter ?? query.EndingBefore) is not null)
        {
            query.Refuse("starting_after", "unknown_parameter", "has no place in a report that is being made");
        }

        if (query.Check() is { } wrongQuery)
        {
            return wrongQuery;
        }

        if (KeyedChange.ReadKey(context, out var key) is { } wrongKey)
        {
            return wrongKey;
        }

        var (wrongBody, members) = await TextBody.ReadAsync(context, ReconcileRequest.Members);
        if (wrongBody is not null)
        {
            return wrongBody;
        }

        if (ReconcileRequest.Check(members, clock.GetUtcNow(), out var request) is { } refused)
        {
            return refused;
        }

        var cancel = context.RequestAborted;
        var (problem, parts) = await findAccount.ExecuteAsync(accountId, query.Get(Currency), cancel);
        if (problem is not null)
        {
            return problem;
        }

        using var place = reconcile.TryEnter();
        if (place is null)
        {
            return new Problem(
                ProblemTypes.Overloaded, "As many accounts as one process reconciles at a time are being reconciled.",
                RetryAfterSeconds: 1);
        }

        await using var turn = await reconcile.TryLockAsync(parts[0], cancel);
        if (turn is null)
        {
            return new Problem(
                ProblemTypes.ReconciliationInProgress, "Somebody else is reconciling the account just now.",
                RetryAfterSeconds: 1);
        }

        // All of it is read in one snapshot. The currency stands in the query, and makes another request of it.
        var asked = new Dictionary<string, string>(members, StringComparer.Ordinal) { [Currency] = parts[0].Currency };
        return await change.RunAsync(
            context, key, TextBody.Canonical(asked),
            async (transaction, stop) =>
            {
                var name = FindAccount.Unescape(accountId);
                var id = await reconcile.ExecuteAsync(transaction, name, parts, request, Caller.Of(context), stop);
                return await CreatedAsync(context, query, transaction.Connection!, name, parts[0], id);
            },
            IsolationLevel.RepeatableRead);
    }

    // 201 with the first page of the difference, and where the others are.
    private static async Task<FinishedAnswer> CreatedAsync(
        HttpContext context, PageQuery query, NpgsqlConnection connection, string name, AccountRow account, Guid id)
    {
        var cancel = context.RequestAborted;
        var report = (await ReadReconciliations.FindAsync(connection, name, account, id, cancel))!;
        var rows = await ReadReconciliations.ListFindingsAsync(connection, id, cursor: null, query, cancel);
        var answer = DifferenceOf(context, query, name, account, report, rows);
        var url = answer.Findings.Url[..^"reconcile".Length] + "reconciliation-difference";
        context.Response.Headers.Remove("Link");
        return FinishedAnswer.Of(
            StatusCodes.Status201Created, answer with { Findings = answer.Findings with { Url = url } },
            ApiJson.Default.ReconciliationDifferenceAnswer, $"{url}?currency={account.Currency}&report={id}");
    }

    private static async Task<IResult> HistoryAsync(
        string accountId, HttpContext context, FindAccount findAccount, ReadReconciliations reconciliations)
    {
        var query = new PageQuery(context.Request, Currency);
        if (query.Check() is { } wrongQuery)
        {
            return wrongQuery;
        }

        var cancel = context.RequestAborted;
        var (problem, parts) = await findAccount.ExecuteAsync(accountId, query.Get(Currency), cancel);
        if (problem is not null)
        {
            return problem;
        }

        var name = FindAccount.Unescape(accountId);
        Guid? cursor = null;
        if ((query.StartingAfter ?? query.EndingBefore) is { } text)
        {
            if (!Guid.TryParseExact(text, "D", out var id)
                || await reconciliations.FindAsync(name, parts[0], id, cancel) is null)
            {
                return PageQuery.UnknownCursor("The cursor is not the id of a reconciliation of this account.");
            }

            cursor = id;
        }

        var rows = await reconciliations.ListAsync(name, parts[0], cursor, query, cancel);
        return JsonAnswer.Of(
            Page.Of(context, query, rows, row => row.ToAnswer(name, parts[0]), report => report.Id.ToString()),
            ApiJson.Default.ListAnswerReconciliationReportAnswer);
    }

    private static async Task<IResult> DifferenceAsync(
        string accountId, HttpContext context, FindAccount findAccount, ReadReconciliations reconciliations)
    {
        var query = new PageQuery(context.Request, Currency, Report);
        Guid? wanted = null;
        if (query.Get(Report) is { } text)
        {
            if (Guid.TryParseExact(text, "D", out var id))
            {
                wanted = id;
            }
            else
            {
                query.Refuse(Report, "invalid_id", "is not the id of a reconciliation");
            }
        }

        if (query.Check() is { } wrongQuery)
        {
            return wrongQuery;
        }

        // A page that goes on behind a finding goes on in that finding's report, whatever was made since.
        var cursor = default((Guid Report, long Number)?);
        if ((query.StartingAfter ?? query.EndingBefore) is { } finding)
        {
            if (!FindingRow.TryParseId(finding, out var of, out var number) || (wanted ?? of) != of)
            {
                return PageQuery.UnknownCursor("The cursor is not the id of a finding of this report.");
            }

            (wanted, cursor) = (of, (of, number));
        }

        var cancel = context.RequestAborted;
        var (problem, parts) = await findAccount.ExecuteAsync(accountId, query.Get(Currency), cancel);
        if (problem is not null)
        {
            return problem;
        }

        var name = FindAccount.Unescape(accountId);
        if (await reconciliations.FindAsync(name, parts[0], wanted, cancel) is not { } report)
        {
            return new Problem(ProblemTypes.ReconciliationNotFound, wanted is null
                ? "The account has not been reconciled yet."
                : "The account has no reconciliation with this id.");
        }

        var rows = await reconciliations.ListFindingsAsync(report.Id, cursor?.Number, query, cancel);
        return JsonAnswer.Of(
            DifferenceOf(context, query, name, parts[0], report, rows),
            ApiJson.Default.ReconciliationDifferenceAnswer);
    }

    private static ReconciliationDifferenceAnswer DifferenceOf(
        HttpContext context, PageQuery query, string name, AccountRow account, ReportRow report,
        List<FindingRow> rows) => new(
            report.ToAnswer(name, account),
            report.ToDifferences(account),
            Page.Of(context, query, rows, row => row.ToAnswer(report.Id, account), finding => finding.Id));
}
