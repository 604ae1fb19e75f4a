using System.Diagnostics;
using Npgsql;
using Payments.Api.Describing;
using Payments.Api.Idempotency;
using Payments.Api.Paging;
using Payments.Api.Reconciliation.Exceptions;
using Payments.Ledger.Audit;
using Payments.Ledger.Reconciliation.Corrections;

namespace Payments.Api.Reconciliation.Adjustments;

/// <summary>Corrections: proposed, approved by a second person where that is needed, and undone.</summary>
internal static class AdjustmentEndpoints
{
    private const string Path = "/api/admin/reconciliation/adjustments";

    private delegate Task<DecisionResult> Decide(
        NpgsqlConnection connection, Guid id, AuditActor actor, CancellationToken cancel);

    public static void AddAdjustments(this IServiceCollection services)
    {
        services.AddCorrections();
        services.AddSingleton<ReadAdjustments>();
    }

    public static void MapAdjustments(this RouteGroupBuilder group)
    {
        group.MapPost("/exceptions/{id}/adjustments", ProposeAsync)
            .WithName("ProposeAdjustment")
            .WithSummary("Corrects an exception: at once within the limits, otherwise as a proposal to a second person")
            .DescribesAction(ProposeRequest.Members, "reason")
            .DescribesException()
            .WithBodyExample(AdjustmentExamples.Propose)
            .Answers(AdjustmentExamples.Posted, StatusCodes.Status201Created)
            .Answers(AdjustmentExamples.Proposed)
            .AnswersHeader("Location", "Address of the adjustment", StatusCodes.Status201Created)
            .ProducesProblems(
                ProblemTypes.ExceptionOver, ProblemTypes.ExceptionChanged, ProblemTypes.AdjustmentProposed,
                ProblemTypes.NotCorrectable);

        group.MapGet("/adjustments", ListAsync)
            .WithName("ListAdjustments").WithSummary("Corrections, newest first")
            .DescribesPage(AdjustmentFilter.Names)
            .DescribesParameter("status", "Status of the adjustments", "proposed", AdjustmentStatus.All)
            .DescribesParameter("kind", "Kind of the adjustments", "adjustment", AdjustmentKind.All)
            .DescribesParameter("exception_id", "Id of the exception that they correct", $"{Examples.ExceptionId}")
            .Answers(Examples.ListOf(Path, AdjustmentExamples.Failed));

        group.MapGet("/adjustments/{id}", GetAsync)
            .WithName("GetAdjustment").WithSummary("One correction")
            .DescribesAdjustment()
            .Answers(AdjustmentExamples.Undone);

        group.MapPost("/adjustments/{id}/approve", ApproveAsync)
            .WithName("ApproveAdjustment")
            .WithSummary("Carries out what another owner proposed; its answer says if the check did not agree after it")
            .DescribesDecision(AdjustmentExamples.Approved)
            .ProducesProblems(ProblemTypes.OwnProposal, ProblemTypes.ExceptionOver);

        group.MapPost("/adjustments/{id}/reject", RejectAsync)
            .WithName("RejectAdjustment").WithSummary("Rejects a proposal, or takes one's own back")
            .DescribesDecision(AdjustmentExamples.Rejected);

        group.MapPost("/adjustments/{id}/undo", UndoAsync)
            .WithName("UndoAdjustment")
            .WithSummary("Posts the reverse of an adjustment, and opens its exception again")
            .DescribesDecision(AdjustmentExamples.Undone)
            .ProducesProblems(ProblemTypes.NotUndoable);
    }

    private static RouteHandlerBuilder DescribesDecision(this RouteHandlerBuilder route, AdjustmentAnswer example) =>
        route.DescribesAdjustment().DescribesKey(required: false)
            .Answers(example)
            .ProducesProblems(ProblemTypes.AdjustmentDecided);

    private static RouteHandlerBuilder DescribesAdjustment(this RouteHandlerBuilder route) => route
        .DescribesParameter("id", "Id of the adjustment", $"{AdjustmentExamples.AdjustmentId}")
        .ProducesProblems(ProblemTypes.AdjustmentNotFound);

    private static Problem NotFound { get; } = new(ProblemTypes.AdjustmentNotFound, "No adjustment has this id.");

    private static async Task<IResult> ListAsync(HttpContext context, ReadAdjustments read)
    {
        var query = new PageQuery(context.Request, AdjustmentFilter.Names);
        var filter = AdjustmentFilter.Read(query);
        if (query.Check() is { } problem)
        {
            return problem;
        }

        return ReportEndpoints.TryReadCursor(query, out var cursor)
            && await read.ListAsync(filter, cursor, query, context.RequestAborted) is { } rows
            ? JsonAnswer.Of(
                Page.Of(context, query, rows, AdjustmentAnswer.Of, adjustment => adjustment.Id.ToString()),
                ApiJson.Default.ListAnswerAdjustmentAnswer)
            : PageQuery.UnknownCursor("The cursor is not the id of an adjustment.");
    }

    private static async Task<IResult> GetAsync(string id, ReadAdjustments read, CancellationToken cancel) =>
        Guid.TryParseExact(id, "D", out var adjustmentId) && await read.FindAsync(adjustmentId, cancel) is { } row
            ? JsonAnswer.Of(AdjustmentAnswer.Of(row), ApiJson.Default.AdjustmentAnswer)
            : NotFound;

    private static async Task<IResult> ProposeAsync(
        string id, HttpContext context, CorrectException correct, KeyedChange change, CorrectionTelemetry telemetry)
    {
        var (problem, body) = await ActionBody.ReadAsync(context, ProposeRequest.Members);
        var request = ProposeRequest.From(body);
        if ((problem ?? request.Check()) is { } refused)
        {
            return refused;
        }

        if (!Guid.TryParseExact(id, "D", out var exceptionId))
        {
            return ExceptionActions.NotFound;
        }

        var actor = KeyedChange.ActorOf(context);
        var proposal = new Proposal(exceptionId, request.Kind, request.Reason!, actor, request.Version);
        return await change.RunAsync(
            context, body.Canonical, new AuditEvent(actor, "adjustment.proposed", "reconciliation_exception", id),
            async (transaction, cancel) =>
                await correct.ExecuteAsync(transaction.Connection!, proposal, cancel) switch
                {
                    ProposalResult.Recorded recorded => Answer(
                        recorded.Adjustment, recorded.IsNew, telemetry,
                        recorded.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK),
                    ProposalResult.ExceptionNotFound => ExceptionActions.NotFound,
                    ProposalResult.ExceptionChanged changed => ExceptionActions.Changed(changed.Version),
                    ProposalResult.ExceptionOver over => ExceptionActions.Over(over.Status),
                    ProposalResult.OtherProposed other => new Problem(
                        ProblemTypes.AdjustmentProposed,
                        $"Adjustment {other.Adjustment.Id} waits, proposed by {other.Adjustment.ProposedBy}."),
                    ProposalResult.NotCorrectable wrong => new Problem(ProblemTypes.NotCorrectable, wrong.Why),
                    _ => throw new UnreachableException(),
                });
    }

    private static Task<IResult> ApproveAsync(
        string id, HttpContext context, DecideAdjustment decide, KeyedChange change, CorrectionTelemetry telemetry) =>
        DecideAsync(id, context, "adjustment.approved", decide.ApproveAsync, change, telemetry);

    private static Task<IResult> RejectAsync(
        string id, HttpContext context, DecideAdjustment decide, KeyedChange change, CorrectionTelemetry telemetry) =>
        DecideAsync(id, context, "adjustment.rejected", decide.RejectAsync, change, telemetry);

    private static Task<IResult> UndoAsync(
        string id, HttpContext context, DecideAdjustment decide, KeyedChange change, CorrectionTelemetry telemetry) =>
        DecideAsync(id, context, "adjustment.undone", decide.UndoAsync, change, telemetry);

    private static async Task<IResult> DecideAsync(
        string id, HttpContext context, string action, Decide decide, KeyedChange change,
        CorrectionTelemetry telemetry)
    {
        if (!Guid.TryParseExact(id, "D", out var adjustmentId))
        {
            return NotFound;
        }

        var actor = KeyedChange.ActorOf(context);
        return await change.RunAsync(
            context, [], new AuditEvent(actor, action, "reconciliation_adjustment", id),
            async (transaction, cancel) =>
                await decide(transaction.Connection!, adjustmentId, actor, cancel) switch
                {
                    DecisionResult.Decided decided => Answer(
                        decided.Adjustment, decided.IsNew, telemetry, StatusCodes.Status200OK),
                    DecisionResult.NotFound => NotFound,
                    DecisionResult.Otherwise otherwise => new Problem(
                        ProblemTypes.AdjustmentDecided, $"The adjustment is {otherwise.Adjustment.Status}."),
                    DecisionResult.OwnProposal => new Problem(
                        ProblemTypes.OwnProposal, "The adjustment was proposed with a key of the same owner."),
                    DecisionResult.ExceptionOver over => ExceptionActions.Over(over.Status),
                    DecisionResult.NotUndoable wrong => new Problem(ProblemTypes.NotUndoable, wrong.Why),
                    _ => throw new UnreachableException(),
                });
    }

    private static Outcome.Done Answer(
        Adjustment adjustment, bool isNew, CorrectionTelemetry telemetry, int status)
    {
        var location = status == StatusCodes.Status201Created ? $"{Path}/{adjustment.Id}" : null;
        var answer = FinishedAnswer.Of(
            status, AdjustmentAnswer.Of(adjustment), ApiJson.Default.AdjustmentAnswer, location);
        return new Outcome.Done(answer, isNew ? () => telemetry.Tried(adjustment) : null);
    }
}
