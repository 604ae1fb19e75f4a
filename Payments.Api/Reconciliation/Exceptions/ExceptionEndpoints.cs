using Payments.Api.Accounts;
using Payments.Api.Describing;
using Payments.Api.Keys;
using Payments.Api.Paging;
using Payments.Api.Reconciliation.Adjustments;
using Payments.Ledger.Reconciliation;

namespace Payments.Api.Reconciliation.Exceptions;

/// <summary>The exceptions desk: what is wrong, who works on it, and how it ended.</summary>
internal static class ExceptionEndpoints
{
    public static void AddReconciliationExceptions(this IServiceCollection services)
    {
        services.AddSingleton<ReadExceptions>();
        services.AddSingleton<ReadEvidence>();
        services.AddSingleton<ExportExceptions>();
        services.AddSingleton<ActOnException>();
        services.AddSingleton<ExceptionActions>();
        services.AddAdjustments();
    }

    public static void MapReconciliationExceptions(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/admin/reconciliation")
            .WithTags("Reconciliation").RequireAuthorization(Scopes.ReconciliationAdmin);

        group.MapGet("/exceptions", ListAsync)
            .WithName("ListReconciliationExceptions")
            .WithSummary("Exceptions, newest first; as CSV all of them, oldest first")
            .DescribesPage(ExceptionFilter.Names)
            .DescribesFilter()
            .Answers(Examples.ListOf("/api/admin/reconciliation/exceptions", ExceptionExamples.Open))
            .AnswersCsv(FileExamples.Exceptions);

        group.MapGet("/exceptions/{id}", GetAsync)
            .WithName("GetReconciliationException")
            .WithSummary("An exception with its story, its sightings and the rows that it is about, as they are now")
            .DescribesException()
            .Answers(ExceptionExamples.Whole);

        group.MapPut("/exceptions/{id}/resolve", (HttpContext context, string id, ExceptionActions actions) =>
                actions.RunAsync(context, id, ExceptionAction.Resolve))
            .WithName("ResolveReconciliationException").WithSummary("Resolves an exception, and says why")
            .DescribesAct(ExceptionAction.Resolve)
            .ProducesProblems(ProblemTypes.ExceptionOver, ProblemTypes.ExceptionChanged);

        group.MapPost("/exceptions/{id}/acknowledge", (HttpContext context, string id, ExceptionActions actions) =>
                actions.RunAsync(context, id, ExceptionAction.Acknowledge))
            .WithName("AcknowledgeReconciliationException").WithSummary("Says that somebody works on an exception")
            .DescribesAct(ExceptionAction.Acknowledge)
            .ProducesProblems(ProblemTypes.ExceptionOver, ProblemTypes.ExceptionChanged);

        group.MapPost("/exceptions/{id}/assign", (HttpContext context, string id, ExceptionActions actions) =>
                actions.RunAsync(context, id, ExceptionAction.Assign))
            .WithName("AssignReconciliationException")
            .WithSummary("Assigns an exception to somebody; without an assignee, to nobody")
            .DescribesAct(ExceptionAction.Assign)
            .ProducesProblems(ProblemTypes.ExceptionOver, ProblemTypes.ExceptionChanged);

        group.MapPost("/exceptions/{id}/comments", (HttpContext context, string id, ExceptionActions actions) =>
                actions.RunAsync(context, id, ExceptionAction.Comment))
            .WithName("CommentOnReconciliationException").WithSummary("Adds a comment to an exception's story")
            .DescribesAct(ExceptionAction.Comment, "text");

        group.MapPost("/exceptions/{id}/reopen", (HttpContext context, string id, ExceptionActions actions) =>
                actions.RunAsync(context, id, ExceptionAction.Reopen))
            .WithName("ReopenReconciliationException").WithSummary("Opens an exception again that was over")
            .DescribesAct(ExceptionAction.Reopen)
            .ProducesProblems(ProblemTypes.ExceptionChanged);

        group.MapPost("/exceptions/bulk", (HttpContext context, ExceptionActions actions) =>
                actions.RunBulkAsync(context))
            .WithName("ActOnReconciliationExceptions")
            .WithSummary("Does the same with up to 100 exceptions in one transaction, and tells what became of each")
            .DescribesAction(ExceptionAction.BulkMembers, "action", ActionBody.IdsMember)
            .WithBodyExample(ExceptionExamples.Bulk)
            .Answers(ExceptionExamples.BulkDone);

        group.MapAdjustments();
    }

    private static RouteHandlerBuilder DescribesAct(
        this RouteHandlerBuilder route, string action, params string[] required)
    {
        var (body, answer) = ExceptionExamples.Of(action);
        return route.DescribesException()
            .DescribesAction(ExceptionAction.MembersOf(action), required).WithBodyExample(body)
            .Answers(answer);
    }

    public static RouteHandlerBuilder DescribesException(this RouteHandlerBuilder route) => route
        .DescribesParameter("id", "Id of the exception", $"{Examples.ExceptionId}")
        .ProducesProblems(ProblemTypes.ExceptionNotFound);

    private static RouteHandlerBuilder DescribesFilter(this RouteHandlerBuilder route) => route
        .DescribesParameter("status", "One status or several, with commas between them", "open,acknowledged")
        .DescribesParameter("severity", "One severity or several, with commas between them", "high,critical")
        .DescribesParameter("check_type", "Check that found it", CheckType.Deposits, CheckType.All)
        .DescribesParameter("assignee", "To whom it is assigned", "berta")
        .DescribesParameter("account", "Name of the account that it concerns", "ACC-001")
        .DescribesParameter("unresolved", "Whether it is not over", "true", ExceptionFilter.Flags)
        .DescribesParameter("overdue", "Whether it is not over, and later than due", "true", ExceptionFilter.Flags);

    private static async Task<IResult> ListAsync(
        HttpContext context, ReadExceptions read, ExportExceptions export, TimeProvider clock)
    {
        var query = new PageQuery(context.Request, ExceptionFilter.Names);
        var filter = ExceptionFilter.Read(query);
        var csv = CsvFile.IsWanted(context.Request, query);
        if (query.Check() is { } problem)
        {
            return problem;
        }

        if (csv)
        {
            return export.Of(filter);
        }

        if (!ReportEndpoints.TryReadCursor(query, out var cursor)
            || await read.ListAsync(filter, cursor, query, context.RequestAborted) is not { } rows)
        {
            return PageQuery.UnknownCursor("The cursor is not the id of an exception.");
        }

        var now = clock.GetUtcNow();
        return JsonAnswer.Of(
            Page.Of(context, query, rows, row => row.ToAnswer(now), exception => exception.Id.ToString()),
            ApiJson.Default.ListAnswerExceptionAnswer);
    }

    private static async Task<IResult> GetAsync(
        string id, ReadExceptions read, ReadEvidence evidence, CancellationToken cancel) =>
        Guid.TryParseExact(id, "D", out var exceptionId) && await read.FindAsync(exceptionId, cancel) is { } row
            ? JsonAnswer.Of(await evidence.ExecuteAsync(row, cancel), ApiJson.Default.ExceptionDetails)
            : ExceptionActions.NotFound;
}
