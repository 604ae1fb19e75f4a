using System.Diagnostics;
using Payments.Api.Idempotency;
using Payments.Ledger.Audit;

namespace Payments.Api.Reconciliation.Exceptions;

/// <summary>What the requests to act on exceptions mean, and how their results are answered.</summary>
internal sealed class ExceptionActions(KeyedChange change, ActOnException act, AuditLog audit, TimeProvider clock)
{
    public static Problem NotFound { get; } =
        new(ProblemTypes.ExceptionNotFound, "No reconciliation exception has this id.");

    public async Task<IResult> RunAsync(HttpContext context, string id, string action)
    {
        var (problem, body) = await ActionBody.ReadAsync(context, ExceptionAction.MembersOf(action));
        if (problem is not null)
        {
            return problem;
        }

        var request = ExceptionRequest.From(action, body);
        if (request.Check() is { } refused)
        {
            return refused;
        }

        if (!Guid.TryParseExact(id, "D", out var exceptionId))
        {
            return NotFound;
        }

        var actor = KeyedChange.ActorOf(context);
        return await change.RunAsync(
            context, body.Canonical, ActOnException.EventOf(action, id, actor),
            async (transaction, cancel) =>
                await act.ExecuteAsync(transaction.Connection!, exceptionId, request, actor, cancel) switch
                {
                    ActionResult.Done done => FinishedAnswer.Of(
                        StatusCodes.Status200OK, done.Exception.ToAnswer(clock.GetUtcNow()),
                        ApiJson.Default.ExceptionAnswer),
                    var other => Outcome(other),
                });
    }

    /// <summary>
    /// All in one transaction: what is refused of it does not keep the rest from being done. The rows are locked first,
    /// in the order in which everybody locks several. What is refused is in the audit trail, as when it is asked for
    /// alone.
    /// </summary>
    public async Task<IResult> RunBulkAsync(HttpContext context)
    {
        var (problem, body) = await ActionBody.ReadAsync(context, ExceptionAction.BulkMembers);
        var request = BulkRequest.From(body);
        if ((problem ?? request.Check()) is { } refused)
        {
            return refused;
        }

        var actor = KeyedChange.ActorOf(context);
        return await change.RunAsync(
            context, body.Canonical, ActOnException.EventOf(request.Each.Action, "bulk", actor),
            async (transaction, cancel) =>
            {
                var connection = transaction.Connection!;
                var ids = request.Ids!.Select(
                    text => Guid.TryParseExact(text, "D", out var id) ? id : Guid.Empty).ToArray();
                await ReadExceptions.LockAsync(connection, ids, cancel);
                var results = new List<BulkOutcome>(ids.Length);
                var refusals = new List<AuditEvent>();
                foreach (var (text, id) in request.Ids!.Zip(ids))
                {
                    var result = await act.ExecuteAsync(connection, id, request.Each, actor, cancel);
                    var outcome = OutcomeOf(text, result);
                    results.Add(outcome);
                    if (result is ActionResult.Over or ActionResult.Stale)
                    {
                        refusals.Add(KeyedChange.Refused(
                            ActOnException.EventOf(request.Each.Action, $"{id}", actor), outcome.Code!));
                    }
                }

                await audit.RecordAllAsync(connection, refusals, cancel);
                return FinishedAnswer.Of(
                    StatusCodes.Status200OK, AnswerOf(request, results), ApiJson.Default.BulkAnswer);
            });
    }

    private static BulkAnswer AnswerOf(BulkRequest request, List<BulkOutcome> results) => new(
        request.Each.Action,
        results.Count(one => one.Outcome == "changed"),
        results.Count(one => one.Outcome == "unchanged"),
        results.Count(one => one.Outcome == "refused"),
        results);

    private static BulkOutcome OutcomeOf(string id, ActionResult result) => result switch
    {
        ActionResult.Done done => new(
            id, done.Changed ? "changed" : "unchanged", null, done.Exception.Status, done.Exception.Version),
        ActionResult.Over over => new(
            id, "refused", ProblemTypes.ExceptionOver.Code, over.Exception.Status, over.Exception.Version),
        ActionResult.Stale stale => new(
            id, "refused", ProblemTypes.ExceptionChanged.Code, stale.Exception.Status, stale.Exception.Version),
        _ => new(id, "refused", ProblemTypes.ExceptionNotFound.Code, null, null),
    };

    private static Problem Outcome(ActionResult result) => result switch
    {
        ActionResult.NotFound => NotFound,
        ActionResult.Over over => Over(over.Exception.Status),
        ActionResult.Stale stale => Changed(stale.Exception.Version),
        _ => throw new UnreachableException(),
    };

    public static Problem Over(string status) => new(ProblemTypes.ExceptionOver, $"The exception is {status}.");

    public static Problem Changed(int version) => new(
        ProblemTypes.ExceptionChanged, FormattableString.Invariant($"The exception has version {version} now."));
}
