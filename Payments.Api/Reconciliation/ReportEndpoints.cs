using System.Globalization;
using Payments.Api.Accounts;
using Payments.Api.Describing;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Api.Paging;
using Payments.Ledger.Reconciliation;

namespace Payments.Api.Reconciliation;

/// <summary>Reconciliation runs: what was found, and asking for one.</summary>
internal static class ReportEndpoints
{
    // How long an idle worker takes to begin, and an empty run to end.
    private const int RetrySeconds = 1;

    private static readonly string[] Filters = ["run_type", "status", "format"];

    public static void AddReconciliationReports(this IServiceCollection services)
    {
        services.AddSingleton<ReadReports>();
        services.AddSingleton<ReadChecks>();
        services.AddSingleton<CheckTrend>();
        services.AddSingleton<RequestRun>();
        services.AddSingleton<ExportReconciliation>();
        services.AddSingleton<UnresolvedExceptions>();
        services.AddHostedService(provider => provider.GetRequiredService<UnresolvedExceptions>());
    }

    public static void MapReconciliationReports(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/admin/reconciliation")
            .WithTags("Reconciliation").RequireAuthorization(Scopes.ReconciliationAdmin);

        group.MapGet("/reports", ListAsync)
            .WithName("ListReconciliationReports")
            .WithSummary("Reconciliation runs, newest first; as CSV all of them, oldest first")
            .DescribesPage(Filters)
            .DescribesParameter("run_type", "Why the runs were made", RunType.Daily, RunType.All)
            .DescribesParameter("status", "Status of the runs", "completed", ReportFilter.Statuses)
            .Answers(Examples.ListOf("/api/admin/reconciliation/reports", ReportExamples.Failed))
            .AnswersCsv(FileExamples.Reports);

        group.MapGet("/reports/{id}", GetAsync)
            .WithName("GetReconciliationReport")
            .WithSummary("A reconciliation run with its checks and the exceptions that it saw")
            .DescribesPage()
            .DescribesParameter("id", "Id of the run's report", $"{Examples.ReportId}")
            .DescribesParameter("starting_after", "Number of an exception: the page of those that follow it", "")
            .DescribesParameter("ending_before", "Number of an exception: the page of those before it", "")
            .Answers(ReportExamples.Details)
            .ProducesProblems(ProblemTypes.ReconciliationReportNotFound);

        group.MapPost("/run", RunAsync)
            .WithName("RunReconciliation").WithSummary("Asks for a reconciliation run")
            .DescribesKey(required: false).DescribesTextBody(RunRequest.Members)
            .WithBodyExample(ReportExamples.Run)
            .Answers(ReportExamples.Accepted, StatusCodes.Status202Accepted)
            .AnswersHeader("Location", "Address of the run's report", StatusCodes.Status202Accepted)
            .AnswersHeader("Retry-After", "Seconds after which to ask for it", StatusCodes.Status202Accepted);

        group.MapChecks();
    }

    private static async Task<IResult> ListAsync(
        HttpContext context, ReadReports readReports, ExportReconciliation export)
    {
        var query = new PageQuery(context.Request, Filters);
        var filter = ReportFilter.Read(query);
        var csv = CsvFile.IsWanted(context.Request, query);
        if (query.Check() is { } problem)
        {
            return problem;
        }

        if (csv)
        {
            return export.Reports(filter);
        }

        if (!TryReadCursor(query, out var cursor)
            || await readReports.ListAsync(filter, cursor, query, context.RequestAborted) is not { } rows)
        {
            return PageQuery.UnknownCursor("The cursor is not the id of a reconciliation report.");
        }

        return JsonAnswer.Of(
            Page.Of(context, query, rows, row => row.ToAnswer(), report => report.Id.ToString()),
            ApiJson.Default.ListAnswerReportAnswer);
    }

    private static async Task<IResult> GetAsync(
        string id, HttpContext context, ReadReports readReports, ReadChecks readChecks)
    {
        var query = new PageQuery(context.Request);
        if (query.Check() is { } problem)
        {
            return problem;
        }

        long? cursor = null;
        if ((query.StartingAfter ?? query.EndingBefore) is { } text)
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return PageQuery.UnknownCursor("The cursor is not the number of an exception.");
            }

            cursor = number;
        }

        var cancel = context.RequestAborted;
        if (!Guid.TryParseExact(id, "D", out var reportId)
            || await readReports.FindAsync(reportId, cancel) is not { } report)
        {
            return new Problem(ProblemTypes.ReconciliationReportNotFound, "No reconciliation report has this id.");
        }

        var checks = await readChecks.OfReportAsync(reportId, cancel);
        var seen = await readReports.ListExceptionsAsync(reportId, cursor, query, cancel);
        return JsonAnswer.Of(
            new ReportDetails(
                report.ToAnswer(),
                [.. checks.Select(check => check.ToAnswer())],
                Page.Of(
                    context, query, seen, row => row.ToAnswer(),
                    exception => exception.Number.ToString(CultureInfo.InvariantCulture))),
            ApiJson.Default.ReportDetails);
    }

    private static async Task<IResult> RunAsync(
        HttpContext context, RequestRun requestRun, KeyedChange change)
    {
        if (KeyedChange.ReadKey(context, out var key) is { } wrongKey)
        {
            return wrongKey;
        }

        var (problem, members) = await TextBody.ReadAsync(context, RunRequest.Members);
        if (problem is not null)
        {
            return problem;
        }

        if (RunRequest.From(members).Check() is { } refused)
        {
            return refused;
        }

        // All bodies that are accepted ask for the same.
        var caller = Caller.Of(context);
        context.Response.Headers.RetryAfter = FormattableString.Invariant($"{RetrySeconds}");
        return await change.RunAsync(
            context,
            key,
            [],
            async (transaction, cancel) => await requestRun.ExecuteAsync(caller, transaction, cancel));
    }

    /// <summary>The id of an item that a page begins or ends at.</summary>
    internal static bool TryReadCursor(PageQuery query, out Guid? cursor)
    {
        cursor = null;
        if ((query.StartingAfter ?? query.EndingBefore) is not { } text)
        {
            return true;
        }

        var isId = Guid.TryParseExact(text, "D", out var id);
        cursor = id;
        return isId;
    }
}
