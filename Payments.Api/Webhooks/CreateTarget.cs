using Dapper;
using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Audit;
using Payments.Ledger.Webhooks;

namespace Payments.Api.Webhooks;

/// <summary>Creates a target and its secret, and gives it a new secret later.</summary>
internal sealed class CreateTarget(
    WebhookVault vault, AuditLog audit, TimeProvider clock, IHostEnvironment environment)
{
    /// <summary>Within the open transaction.</summary>
    /// <returns>The target, with its secret, or why not.</returns>
    public async Task<(Problem? Problem, WebhookTargetAnswer? Target)> ExecuteAsync(
        NpgsqlConnection connection, TargetRequest request, AuditActor by, CancellationToken cancel)
    {
        if (!CanKeepSecrets)
        {
            return (WebhookProblems.KeyMissing, null);
        }

        var now = clock.GetUtcNow();
        var id = TimeOrderedId.New(now);
        await connection.ExecuteAsync(new CommandDefinition(
            InsertSql,
            new
            {
                id,
                now,
                request.Url,
                request.Description,
                eventTypes = Distinct(request.EventTypes),
                by = by.Name,
            },
            cancellationToken: cancel));
        var secret = WebhookSecret.Generate();
        await vault.AddAsync(connection, id, secret, TimeSpan.Zero, cancel);
        await audit.RecordAsync(
            connection,
            new AuditEvent(by, "webhook_target.created", "webhook_target", id.ToString())
            {
                Details = new { host = new Uri(request.Url!).Host, request.EventTypes },
            },
            cancel);
        var target = await TargetRow.FindAsync(connection, id, cancel);
        return (null, target!.ToAnswer() with { Secret = WebhookSecret.Show(secret) });
    }

    /// <summary>Adds a new secret; the one of before signs too for the overlap. Within the open transaction.</summary>
    /// <returns>The target with its new secret, or why not.</returns>
    public async Task<(Problem? Problem, WebhookTargetAnswer? Target)> RotateAsync(
        NpgsqlConnection connection, Guid id, TimeSpan overlap, AuditActor by, CancellationToken cancel)
    {
        var target = await TargetRow.LockAsync(connection, id, cancel);
        if (target is null)
        {
            return (WebhookProblems.TargetNotFound, null);
        }

        if (target.IsConfigured)
        {
            return (WebhookProblems.Configured, null);
        }

        if (!CanKeepSecrets)
        {
            return (WebhookProblems.KeyMissing, null);
        }

        var secret = WebhookSecret.Generate();
        await vault.AddAsync(connection, id, secret, overlap, cancel);
        await audit.RecordAsync(
            connection,
            new AuditEvent(by, "webhook_target.secret_rotated", "webhook_target", id.ToString())
            {
                Details = new { overlapHours = overlap.TotalHours },
            },
            cancel);
        return (null, target.ToAnswer() with { Secret = WebhookSecret.Show(secret) });
    }

    // In the clear only where nobody is harmed by it.
    private bool CanKeepSecrets => vault.Encrypts || environment.IsDevelopment();

    internal static string[] Distinct(IReadOnlyList<string>? types) =>
        [.. (types ?? []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private const string InsertSql = """
        INSERT INTO webhook_targets (id, created_at, updated_at, url, description, event_types, created_by)
        VALUES (@id, @now, @now, @url, @description, @eventTypes, @by)
        """;
}
