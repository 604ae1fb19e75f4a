using Dapper;
using Npgsql;
using Payments.Ledger.Audit;
using Payments.Ledger.Reconciliation;
using Payments.Ledger.Reconciliation.Corrections;
using Payments.Ledger.Webhooks;

namespace Payments.Api.Reconciliation.Exceptions;

/// <summary>Every way an action on an exception can end.</summary>
internal abstract record ActionResult
{
    /// <param name="Exception">As it is after it.</param>
    /// <param name="Changed">False: it was so already, and nothing was done.</param>
    public sealed record Done(ExceptionRow Exception, bool Changed) : ActionResult;

    public sealed record NotFound : ActionResult;

    /// <summary>It was changed since its reader saw it.</summary>
    public sealed record Stale(ExceptionRow Exception) : ActionResult;

    /// <summary>It is not open, which the action needs.</summary>
    public sealed record Over(ExceptionRow Exception) : ActionResult;
}

/// <summary>
/// Does what an operator does with an exception, within the connection's open transaction: its row is locked first, so
/// of two operators the second sees what the first did. Every change is a line of its story and in the audit trail.
/// </summary>
internal sealed class ActOnException(DueTimes due, AuditLog audit, TimeProvider clock)
{
    public async Task<ActionResult> ExecuteAsync(
        NpgsqlConnection connection, Guid id, ExceptionRequest request, AuditActor actor, CancellationToken cancel)
    {
        if (await ReadExceptions.LockAsync(connection, id, cancel) is not { } row)
        {
            return new ActionResult.NotFound();
        }

        // A repetition comes before the version: the first try has moved it.
        if (IsSoAlready(row, request, actor))
        {
            return new ActionResult.Done(row, Changed: false);
        }

        if (!row.IsOpen && request.Action is not (ExceptionAction.Comment or ExceptionAction.Reopen))
        {
            return new ActionResult.Over(row);
        }

        if (request.Version is { } version && version != row.Version)
        {
            return new ActionResult.Stale(row);
        }

        var now = clock.GetUtcNow();
        await connection.ExecuteAsync(new CommandDefinition(
            SqlOf(request.Action),
            new
            {
                id,
                now,
                dueAt = due.After(now, row.Severity),
                request.Assignee,
                request.Notes,
                resolvedBy = request.ResolvedBy ?? actor.Name,
                actor = actor.Name,
            },
            cancellationToken: cancel));
        await RecordAsync(connection, row, request, actor, now, cancel);
        return new ActionResult.Done((await ReadExceptions.FindAsync(connection, id, cancel))!, Changed: true);
    }

    /// <summary>What the audit trail calls it.</summary>
    public static AuditEvent EventOf(string action, string id, AuditActor actor) =>
        new(actor, "exception." + Done(action), "reconciliation_exception", id);

    private async Task RecordAsync(
        NpgsqlConnection connection, ExceptionRow row, ExceptionRequest request, AuditActor actor, DateTimeOffset now,
        CancellationToken cancel)
    {
        var resolvedBy = request.Action == ExceptionAction.Resolve ? request.ResolvedBy ?? actor.Name : null;
        var details = new { request.Assignee, resolvedBy, From = row.Status };
        await ExceptionStory.AddAsync(
            connection, row.Id, Done(request.Action), actor.Name, request.Text ?? request.Notes, details, now, cancel);
        var audited = EventOf(request.Action, row.Id.ToString(), actor) with
        {
            Account = row.AccountName,
            Currency = row.AccountName is null ? null : row.Currency,
            Details = new { row.Number, request.Assignee, resolvedBy, request.Notes, request.Text, From = row.Status },
        };
        await audit.RecordAsync(connection, audited, cancel);
        if (request.Action is ExceptionAction.Resolve or ExceptionAction.Reopen)
        {
            var type = request.Action == ExceptionAction.Resolve
                ? WebhookEventType.ExceptionResolved
                : WebhookEventType.ExceptionReopened;
            await TellTargets.OfExceptionAsync(connection, row.Id, type, now, cancel);
        }
    }

    private static bool IsSoAlready(ExceptionRow row, ExceptionRequest request, AuditActor actor) =>
        request.Action switch
        {
            ExceptionAction.Acknowledge => row.Status == ExceptionStatus.Acknowledged,
            ExceptionAction.Assign => row.IsOpen && row.Assignee == request.Assignee,
            ExceptionAction.Reopen => row.IsOpen,
            ExceptionAction.Resolve => row.Status == ExceptionStatus.Resolved && row.ResolvedByKey == actor.Name
                && row.ResolvedBy == (request.ResolvedBy ?? actor.Name) && row.ResolutionNotes == request.Notes,
            _ => false,
        };

    private static string Done(string action) => action switch
    {
        ExceptionAction.Acknowledge => "acknowledged",
        ExceptionAction.Assign => "assigned",
        ExceptionAction.Comment => "commented",
        ExceptionAction.Resolve => "resolved",
        _ => "reopened",
    };

    private static string SqlOf(string action) => action switch
    {
        ExceptionAction.Acknowledge => AcknowledgeSql,
        ExceptionAction.Assign => AssignSql,
        ExceptionAction.Comment => CommentSql,
        ExceptionAction.Resolve => ResolveSql,
        _ => ReopenSql,
    };

    private const string AcknowledgeSql = """
        UPDATE reconciliation_exceptions
        SET status = 'acknowledged', acknowledged_at = @now, updated_at = @now, version = version + 1
        WHERE id = @id
        """;

    private const string AssignSql = """
        UPDATE reconciliation_exceptions
        SET assignee = @assignee, updated_at = @now, version = version + 1
        WHERE id = @id
        """;

    // No version: nothing that somebody decides by has changed.
    private const string CommentSql = """
        UPDATE reconciliation_exceptions
        SET updated_at = @now
        WHERE id = @id
        """;

    private const string ResolveSql = """
        UPDATE reconciliation_exceptions
        SET status = 'resolved', resolved_at = @now, updated_at = @now, resolved_difference = difference,
            resolved_by = @resolvedBy, resolved_by_key = @actor, resolution_notes = @notes, version = version + 1
        WHERE id = @id
        """;

    // One whose break is gone is open until the next look, which closes it again should it still be gone.
    private const string ReopenSql = """
        UPDATE reconciliation_exceptions
        SET status = 'open', resolved_at = NULL, acknowledged_at = NULL, updated_at = @now, resolved_difference = NULL,
            resolved_by = NULL, resolved_by_key = NULL, resolution_notes = NULL, gone_at = NULL, due_at = @dueAt,
            reopened = reopened + 1, version = version + 1
        WHERE id = @id
        """;
}
