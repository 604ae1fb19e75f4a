using Dapper;
using Npgsql;
using Payments.Ledger.Audit;

namespace Payments.Ledger.Webhooks;

/// <summary>Disables a target that cannot be delivered to any more, records it, and tells the other targets.</summary>
public sealed class DisableTarget(AuditLog audit, TimeProvider clock)
{
    /// <summary>Within the open transaction.</summary>
    /// <returns>Whether it was enabled until now.</returns>
    public async Task<bool> ExecuteAsync(
        NpgsqlConnection connection, Guid targetId, string reason, AuditActor actor, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var disabled = await connection.ExecuteAsync(new CommandDefinition(
            DisableSql, new { targetId, reason, now }, cancellationToken: cancel));
        if (disabled == 0)
        {
            return false;
        }

        await audit.RecordAsync(
            connection,
            new AuditEvent(actor, "webhook_target.disabled", "webhook_target", targetId.ToString())
            {
                Details = new { reason },
            },
            cancel);
        await WebhookOutbox.AddAsync(
            connection, new WebhookEvent(WebhookEventType.TargetDisabled, now, new { targetId, reason }), cancel);
        return true;
    }

    private const string DisableSql = """
        UPDATE webhook_targets
        SET enabled = false, disabled_at = @now, disabled_reason = @reason, updated_at = @now
        WHERE id = @targetId AND enabled
        """;
}
