using Payments.Api.Accounts;
using Payments.Api.Describing;
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
            .DescribesTextBody(ReconcileRequest.Members).WithBodyExample(ReconciliationExamples.Period)
            .Answers(ReconciliationExamples.Difference, StatusCodes.Status201Created)
            .AnswersHeader("Location", "Address of the report", StatusCodes.Status201Created)
            .ProducesProblems(ProblemTypes.AccountNotFound, ProblemTypes.ReconciliationInProgress);

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
        ReadReconciliations reconciliations,
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

        var name = FindAccount.Unescape(accountId);
        if (await reconcile.ExecuteAsync(name, parts, request, Caller.Of(context), cancel) is not { } id)
        {
            return new Problem(
                ProblemTypes.ReconciliationInProgress, "Somebody else is reconciling the account just now.",
                RetryAfterSeconds: 1);
        }

        // The first page of the difference, and where the others are.
        var report = (await reconciliations.FindAsync(name, parts[0], id, cancel))!;
        var answer = await DifferenceOfAsync(context, query, name, parts[0], report, cursor: null, reconciliations);
        var url = answer.Findings.Url[..^"reconcile".Length] + "reconciliation-difference";
        context.Response.Headers.Remove("Link");
        context.Response.Headers.Location = $"{url}?currency={parts[0].Currency}&report={id}";
        return new CreatedReport(answer with { Findings = answer.Findings with { Url = url } });
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

        return JsonAnswer.Of(
            await DifferenceOfAsync(context, query, name, parts[0], report, cursor?.Number, reconciliations),
            ApiJson.Default.ReconciliationDifferenceAnswer);
    }

    private static async Task<ReconciliationDifferenceAnswer> DifferenceOfAsync(
        HttpContext context,
        PageQuery query,
        string name,
        AccountRow account,
        ReportRow report,
        long? cursor,
        ReadReconciliations reconciliations)
    {
        var rows = await reconciliations.ListFindingsAsync(report.Id, cursor, query, context.RequestAborted);
        return new ReconciliationDifferenceAnswer(
            report.ToAnswer(name, account),
            report.ToDifferences(account),
            Page.Of(context, query, rows, row => row.ToAnswer(report.Id, account), finding => finding.Id));
    }

    /// <summary>201 with the report; its address was set before.</summary>
    private sealed class CreatedReport(ReconciliationDifferenceAnswer answer) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status201Created;
            return JsonAnswer.WriteAsync(httpContext, answer, ApiJson.Default.ReconciliationDifferenceAnswer);
        }
    }
}
