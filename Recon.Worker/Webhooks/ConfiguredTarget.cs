using System.Security.Cryptography;
using Dapper;
using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Audit;
using Payments.Ledger.Webhooks;
using Recon.Worker.Duties;

namespace Recon.Worker.Webhooks;

/// <summary>The target that the configuration names, and what is wrong with it, if anything is.</summary>
internal sealed record ConfiguredTarget(string? Url, byte[]? Secret, string? Complaint)
{
    private const string UrlSetting = "Reconciliation:AlertWebhookUrl";
    private const string UrlVariable = "RECONCILIATION_ALERT_WEBHOOK_URL";
    private const string SecretSetting = "Reconciliation:AlertWebhookSecret";
    private const string SecretVariable = "RECONCILIATION_ALERT_WEBHOOK_SECRET";

    /// <remarks>
    /// An alert that nobody can verify is worth nothing, and a secret that was made here would be known to nobody: an
    /// address without a secret is refused.
    /// </remarks>
    /// <param name="canKeepSecret">Whether the secret would be encrypted, or need not be.</param>
    public static ConfiguredTarget Read(IConfiguration configuration, WebhookAddress allowed, bool canKeepSecret)
    {
        var url = Find(configuration, UrlSetting, UrlVariable);
        var secret = Find(configuration, SecretSetting, SecretVariable);
        byte[] key = [];
        var complaint = url is null ? null
            : allowed.Check(url) is { } wrong ? $"{UrlSetting} ({UrlVariable}) {wrong}."
            : secret is null ? $"{UrlSetting} is set and {SecretSetting} ({SecretVariable}) is not: make one with "
                + "'echo whsec_$(openssl rand -base64 32)' and give it to the receiver."
            : !WebhookSecret.TryParse(secret, out key)
                ? $"{SecretSetting} ({SecretVariable}) must be whsec_ and the base64 of 24 to 64 bytes."
            : !canKeepSecret ? $"{UrlSetting} is set and Webhooks:EncryptionKey, which encrypts its secret, is not: "
                + "make one with 'openssl rand -base64 32' and give it to the workers and the API."
            : null;
        return new ConfiguredTarget(url, key, complaint);
    }

    private static string? Find(IConfiguration configuration, string setting, string variable)
    {
        var text = configuration[setting]?.Trim() is { Length: > 0 } first ? first : configuration[variable]?.Trim();
        return text is { Length: > 0 } ? text : null;
    }
}

/// <summary>
/// Makes the configured target when a worker starts: one, however many start. A changed address or secret replaces what
/// was configured before; a setting that is gone removes the target. What was disabled stays disabled until its
/// address changes.
/// </summary>
internal sealed class SeedConfiguredTarget(
    DutySessions database, ConfiguredTarget configured, WebhookVault vault, AuditLog audit, TimeProvider clock,
    ILogger<SeedConfiguredTarget> logger) : BackgroundService
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);
    private static readonly AuditActor Configuration = new("configuration");

    // The process comes up without the database too, so this waits for it.
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync(stoppingToken);
                return;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.LogWarning(
                    Database.TraceOf(e), "The configured webhook target waits for the database: {Reason}", e.Message);
                await Task.Delay(Retry, clock, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public async Task RunOnceAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);

        // Workers that start together do this one after the other.
        await connection.ExecuteAsync(new CommandDefinition(
            "SELECT pg_advisory_xact_lock(hashtextextended('webhook_targets configuration', 0))",
            cancellationToken: cancel));
        var present = await connection.QuerySingleOrDefaultAsync<Present>(
            new CommandDefinition(FindSql, cancellationToken: cancel));
        if (configured.Url is null)
        {
            await RemoveAsync(connection, present, cancel);
        }
        else
        {
            await PutAsync(connection, present, configured.Url, cancel);
        }

        await transaction.CommitAsync(cancel);
    }

    private async Task PutAsync(NpgsqlConnection connection, Present? present, string url, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var id = present?.Id ?? TimeOrderedId.New(now);
        if (present is null)
        {
            await connection.ExecuteAsync(
                new CommandDefinition(InsertSql, new { id, now, url }, cancellationToken: cancel));
            await RecordAsync(connection, "webhook_target.created", id, cancel);
        }
        else if (present.Url != url)
        {
            await connection.ExecuteAsync(
                new CommandDefinition(UpdateSql, new { id, now, url }, cancellationToken: cancel));
            await RecordAsync(connection, "webhook_target.updated", id, cancel);
        }

        if (!await IsKnownAsync(connection, id, cancel))
        {
            // Both ends are configured by the same people: no overlap.
            await vault.AddAsync(connection, id, configured.Secret!, TimeSpan.Zero, cancel);
        }
    }

    // What was encrypted with a key that is gone can be read by nobody. The secret stands in the settings, so it is
    // kept anew: deliveries to this target go on, and so does the worker.
    private async Task<bool> IsKnownAsync(NpgsqlConnection connection, Guid id, CancellationToken cancel)
    {
        try
        {
            var known = await vault.ReadAsync(connection, id, cancel);
            return known.Any(secret => CryptographicOperations.FixedTimeEquals(secret, configured.Secret));
        }
        catch (CryptographicException e)
        {
            logger.LogWarning("The secret of the configured webhook target is kept anew: {Reason}", e.Message);
            return false;
        }
    }

    private async Task RemoveAsync(NpgsqlConnection connection, Present? present, CancellationToken cancel)
    {
        if (present is null)
        {
            return;
        }

        await connection.ExecuteAsync(new CommandDefinition(
            RemoveSql, new { present.Id, now = clock.GetUtcNow() }, cancellationToken: cancel));
        await WebhookVault.ForgetAsync(connection, present.Id, cancel);
        await RecordAsync(connection, "webhook_target.deleted", present.Id, cancel);
    }

    private Task RecordAsync(NpgsqlConnection connection, string action, Guid id, CancellationToken cancel) =>
        audit.RecordAsync(
            connection, new AuditEvent(Configuration, action, "webhook_target", id.ToString()), cancel);

    private const string FindSql = """
        SELECT id, url
        FROM webhook_targets
        WHERE origin = 'configuration' AND deleted_at IS NULL
        """;

    private const string InsertSql = """
        INSERT INTO webhook_targets (id, created_at, updated_at, url, description, event_types, origin, created_by)
        VALUES (@id, @now, @now, @url, 'Configured with the worker', '{}', 'configuration', 'configuration')
        """;

    private const string UpdateSql = """
        UPDATE webhook_targets
        SET url = @url, updated_at = @now, enabled = true, disabled_at = NULL, disabled_reason = NULL,
            resting_until = NULL
        WHERE id = @id
        """;

    private const string RemoveSql = """
        UPDATE webhook_targets
        SET enabled = false, disabled_at = coalesce(disabled_at, @now), deleted_at = @now, updated_at = @now,
            disabled_reason = coalesce(disabled_reason, 'It is no longer configured.')
        WHERE id = @id
        """;

    private sealed record Present(Guid Id, string Url);
}
