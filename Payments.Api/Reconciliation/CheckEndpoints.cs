using Payments.Api.Accounts;
using Payments.Api.Describing;
using Payments.Api.Paging;
using Payments.Ledger.Reconciliation;

namespace Payments.Api.Reconciliation;

/// <summary>The checks of all runs: what each found, and how one of them went over time.</summary>
internal static class CheckEndpoints
{
    private static readonly string[] Filters = ["check_type", "status", "report_id", "format"];

    public static void MapChecks(this RouteGroupBuilder group)
    {
        group.MapGet("/checks", ListAsync)
            .WithName("ListReconciliationChecks")
            .WithSummary("Checks of all runs, newest first; as CSV all of them, oldest first")
            .DescribesPage(Filters)
            .DescribesParameter("check_type", "Which check", CheckType.Deposits, CheckType.All)
            .DescribesParameter("status", "Status of the checks", "failed", CheckFilter.Statuses)
            .DescribesParameter("report_id", "Id of the report whose checks they are", $"{Examples.ReportId}")
            .Answers(Examples.ListOf("/api/admin/reconciliation/checks", ReportExamples.Check))
            .AnswersCsv(FileExamples.Checks);

        group.MapGet("/checks/{checkType}/trend", TrendAsync)
            .WithName("GetReconciliationCheckTrend")
            .WithSummary("How a check went day by day, in UTC; without a period the last 30 days")
            .DescribesQuery("from", "to")
            .DescribesParameter("checkType", "Which check", CheckType.Deposits, CheckType.All)
            .Answers(ReportExamples.Trend)
            .ProducesProblems(ProblemTypes.NotFound);
    }

    private static async Task<IResult> ListAsync(
        HttpContext context, ReadChecks readChecks, ExportReconciliation export)
    {
        var query = new PageQuery(context.Request, Filters);
        var filter = CheckFilter.Read(query);
        var csv = CsvFile.IsWanted(context.Request, query);
        if (query.Check() is { } problem)
        {
            return problem;
        }

        if (csv)
        {
            return export.Checks(filter);
        }

        if (!ReportEndpoints.TryReadCursor(query, out var cursor)
            || await readChecks.ListAsync(filter, cursor, query, context.RequestAborted) is not { } rows)
        {
            return PageQuery.UnknownCursor("The cursor is not the id of a check.");
        }

        return JsonAnswer.Of(
            Page.Of(context, query, rows, row => row.ToAnswer(), check => check.Id.ToString()),
            ApiJson.Default.ListAnswerCheckAnswer);
    }

    private static async Task<IResult> TrendAsync(
        string checkType, HttpContext context, CheckTrend trend, TimeProvider clock)
    {
        var query = new QueryParameters(context.Request, "from", "to");
        var to = query.GetTime("to") ?? clock.GetUtcNow();
        var from = query.GetTime("from") ?? to - CheckTrend.Usual;
        if (from >= to)
        {
            query.Refuse("to", "empty_period", "must be after 'from': it is the first moment after the period");
        }
        else if (to - from > CheckTrend.Longest)
        {
            query.Refuse("from", "period_too_long", "must be at most 366 days before the end of the period");
        }

        return query.Check() is { } problem ? problem
            : CheckType.All.Contains(checkType, StringComparer.Ordinal) ? JsonAnswer.Of(
                await trend.ExecuteAsync(checkType, from, to, context.RequestAborted),
                ApiJson.Default.CheckTrendAnswer)
            : new Problem(ProblemTypes.NotFound, "No check has this type.");
    }
}
