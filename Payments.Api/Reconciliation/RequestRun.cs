using Npgsql;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Ledger;
using Payments.Ledger.Audit;
using Payments.Ledger.Reconciliation;

namespace Payments.Api.Reconciliation;

/// <summary>
/// Writes the report of a manual run and queues it, in one transaction with who asked for it. Whatever runs are under
/// way, it is a run of its own.
/// </summary>
internal sealed class RequestRun(AuditLog audit, TimeProvider clock)
{
    public async Task<FinishedAnswer> ExecuteAsync(
        Caller caller, NpgsqlTransaction transaction, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var run = new NewRun(TimeOrderedId.New(now), RunType.Manual, Slot: null, caller.Key.OwnerName, now);
        await StartRun.ExecuteAsync(transaction.Connection!, run, cancel);
        var requested = new AuditEvent(
            caller.Actor, "reconciliation.requested", "reconciliation_report", run.ReportId.ToString())
        {
            Details = new { run.RunType },
        };
        await audit.RecordAsync(transaction.Connection!, requested, cancel);

        var url = "/api/admin/reconciliation/reports/" + run.ReportId;
        return FinishedAnswer.Of(
            StatusCodes.Status202Accepted, new RunAcceptedAnswer(run.ReportId, run.RunType, "pending", now, url),
            ApiJson.Default.RunAcceptedAnswer, url);
    }
}

/// <summary>The body of a request for a run; no body at all asks for a manual one.</summary>
internal sealed record RunRequest(string? RunType)
{
    /// <summary>The members that the body may have.</summary>
    public static readonly string[] Members = ["run_type"];

    public static RunRequest From(IReadOnlyDictionary<string, string> members) =>
        new(members.GetValueOrDefault("run_type"));

    /// <summary>Others than manual runs are made by the schedule, once for each of its slots.</summary>
    public Problem? Check() => RunType is null or Ledger.Reconciliation.RunType.Manual
        ? null
        : new Problem(
            ProblemTypes.Unprocessable, "The run is not accepted.",
            [ProblemError.At("#/run_type", "unknown_run_type", "must be manual")]);
}
