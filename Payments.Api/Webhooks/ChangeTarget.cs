using Dapper;
using Npgsql;
using Payments.Ledger.Audit;
using Payments.Ledger.Webhooks;

namespace Payments.Api.Webhooks;

/// <summary>
/// Changes or deletes a target. Deliveries that are open when it is disabled or deleted are cancelled when they fall
/// due, and can be replayed once it is enabled again.
/// </summary>
internal sealed class ChangeTarget(NpgsqlDataSource database, AuditLog audit, TimeProvider clock)
{
    public async Task<(Problem? Problem, WebhookTargetAnswer? Target)> ExecuteAsync(
        Guid id, TargetRequest request, AuditActor by, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var target = await TargetRow.LockAsync(connection, id, cancel);
        if (target is null)
        {
            return (WebhookProblems.TargetNotFound, null);
        }

        if (target.IsConfigured && request.Url is not null && request.Url != target.Url)
        {
            return (WebhookProblems.Configured, null);
        }

        var enabled = request.Enabled ?? target.Enabled;
        await connection.ExecuteAsync(new CommandDefinition(
            UpdateSql,
            new
            {
                id,
                now = clock.GetUtcNow(),
                url = request.Url ?? target.Url,
                description = request.Description ?? target.Description,
                eventTypes = request.EventTypes is null ? target.Types : CreateTarget.Distinct(request.EventTypes),
                enabled,
                reason = $"Disabled by {by.Name}.",
            },
            cancellationToken: cancel));
        await RecordAsync(connection, ActionOf(target, enabled), request, id, by, cancel);
        var changed = await TargetRow.FindAsync(connection, id, cancel);
        await transaction.CommitAsync(cancel);
        return (null, changed!.ToAnswer());
    }

    /// <summary>Deletes it with its secrets; what was delivered to it stays in the log.</summary>
    public async Task<Problem?> DeleteAsync(Guid id, AuditActor by, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var target = await TargetRow.LockAsync(connection, id, cancel);
        if (target is null)
        {
            return WebhookProblems.TargetNotFound;
        }

        if (target.IsConfigured)
        {
            return WebhookProblems.Configured;
        }

        await connection.ExecuteAsync(new CommandDefinition(
            DeleteSql, new { id, now = clock.GetUtcNow(), reason = $"Deleted by {by.Name}." },
            cancellationToken: cancel));
        await WebhookVault.ForgetAsync(connection, id, cancel);
        await RecordAsync(connection, "webhook_target.deleted", request: null, id, by, cancel);
        await transaction.CommitAsync(cancel);
        return null;
    }

    private static string ActionOf(TargetRow before, bool enabled) => (before.Enabled, enabled) switch
    {
        (true, false) => "webhook_target.disabled",
        (false, true) => "webhook_target.enabled",
        _ => "webhook_target.updated",
    };

    // The address may hold a secret of the receiver's: its host alone is recorded.
    private Task RecordAsync(
        NpgsqlConnection connection, string action, TargetRequest? request, Guid id, AuditActor by,
        CancellationToken cancel) =>
        audit.RecordAsync(
            connection,
            new AuditEvent(by, action, "webhook_target", id.ToString())
            {
                Details = request is null ? null : new
                {
                    host = request.Url is null ? null : new Uri(request.Url).Host,
                    request.EventTypes,
                    request.Enabled,
                },
            },
            cancel);

    // One that is enabled again starts afresh: what it asked for before it was disabled is over.
    private const string UpdateSql = """
        UPDATE webhook_targets
        SET url = @url, description = @description, event_types = @eventTypes, updated_at = @now, enabled = @enabled,
            disabled_at = CASE WHEN NOT @enabled THEN coalesce(disabled_at, @now) END,
            disabled_reason = CASE WHEN NOT @enabled THEN coalesce(disabled_reason, @reason) END,
            resting_until = CASE WHEN enabled THEN resting_until END
        WHERE id = @id
        """;

    private const string DeleteSql = """
        UPDATE webhook_targets
        SET enabled = false, disabled_at = coalesce(disabled_at, @now), deleted_at = @now, updated_at = @now,
            disabled_reason = coalesce(disabled_reason, @reason)
        WHERE id = @id
        """;
}
