using Payments.Api.Accounts;
using Payments.Api.Keys;
using Payments.Api.Paging;
using Payments.Api.Reconciliation.Adjustments;

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
            .Produces<ListAnswer<ExceptionAnswer>>().AnswersCsv(FileExamples.Exceptions)
            .ProducesProblems(400, 503);

        group.MapGet("/exceptions/{id}", GetAsync)
            .WithName("GetReconciliationException")
            .WithSummary("An exception with its story, its sightings and the rows that it is about, as they are now")
            .Produces<ExceptionDetails>()
            .ProducesProblems(404, 503);

        group.MapPut("/exceptions/{id}/resolve", (HttpContext context, string id, ExceptionActions actions) =>
                actions.RunAsync(context, id, ExceptionAction.Resolve))
            .WithName("ResolveReconciliationException").WithSummary("Resolves an exception, and says why")
            .DescribesAct(ExceptionAction.Resolve);

        group.MapPost("/exceptions/{id}/acknowledge", (HttpContext context, string id, ExceptionActions actions) =>
                actions.RunAsync(context, id, ExceptionAction.Acknowledge))
            .WithName("AcknowledgeReconciliationException").WithSummary("Says that somebody works on an exception")
            .DescribesAct(ExceptionAction.Acknowledge);

        group.MapPost("/exceptions/{id}/assign", (HttpContext context, string id, ExceptionActions actions) =>
                actions.RunAsync(context, id, ExceptionAction.Assign))
            .WithName("AssignReconciliationException")
            .WithSummary("Assigns an exception to somebody; without an assignee, to nobody")
            .DescribesAct(ExceptionAction.Assign);

        group.MapPost("/exceptions/{id}/comments", (HttpContext context, string id, ExceptionActions actions) =>
                actions.RunAsync(context, id, ExceptionAction.Comment))
            .WithName("CommentOnReconciliationException").WithSummary("Adds a comment to an exception's story")
            .DescribesAct(ExceptionAction.Comment, "text");

        group.MapPost("/exceptions/{id}/reopen", (HttpContext context, string id, ExceptionActions actions) =>
                actions.RunAsync(context, id, ExceptionAction.Reopen))
            .WithName("ReopenReconciliationException").WithSummary("Opens an exception again that was over")
            .DescribesAct(ExceptionAction.Reopen);

        group.MapPost("/exceptions/bulk", (HttpContext context, ExceptionActions actions) =>
                actions.RunBulkAsync(context))
            .WithName("ActOnReconciliationExceptions")
            .WithSummary("Does the same with up to 100 exceptions in one transaction, and tells what became of each")
            .DescribesAction(ExceptionAction.BulkMembers, "action", ActionBody.IdsMember)
            .Produces<BulkAnswer>()
            .ProducesProblems(400, 409, 413, 415, 422, 503);

        group.MapAdjustments();
    }

    private static void DescribesAct(this RouteHandlerBuilder route, string action, params string[] required) => route
        .DescribesAction(ExceptionAction.MembersOf(action), required)
        .Produces<ExceptionAnswer>()
        .ProducesProblems(400, 404, 409, 413, 415, 422, 503);

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
