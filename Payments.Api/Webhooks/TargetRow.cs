using Dapper;
using Npgsql;

namespace Payments.Api.Webhooks;

/// <summary>A target as it is kept, without its secrets.</summary>
/// <param name="EventTypes">With commas: a record's constructor takes no array.</param>
internal sealed record TargetRow(
    Guid Id, long Number, string Url, string? Description, string EventTypes, bool Enabled, string? DisabledReason,
    DateTimeOffset? DisabledAt, string Origin, string CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt,
    DateTimeOffset? LastSuccessAt, DateTimeOffset? LastFailureAt, DateTimeOffset? RestingUntil)
{
    public const string Columns = """
        t.id, t.number, t.url, t.description, array_to_string(t.event_types, ',') AS event_types, t.enabled,
            t.disabled_reason, t.disabled_at, t.origin, t.created_by, t.created_at, t.updated_at, t.last_success_at,
            t.last_failure_at, t.resting_until
        """;

    public string[] Types => EventTypes.Split(',', StringSplitOptions.RemoveEmptyEntries);

    public bool IsConfigured => Origin == "configuration";

    public WebhookTargetAnswer ToAnswer() => new(
        Id, Url, Description, Types, Enabled, DisabledReason, DisabledAt, Origin, CreatedBy, CreatedAt, UpdatedAt,
        LastSuccessAt, LastFailureAt, RestingUntil);

    /// <summary>The target, unless it is deleted.</summary>
    public static Task<TargetRow?> FindAsync(NpgsqlConnection connection, Guid id, CancellationToken cancel) =>
        connection.QuerySingleOrDefaultAsync<TargetRow>(
            new CommandDefinition(FindSql, new { id }, cancellationToken: cancel));

    /// <summary>The same, locked for the rest of the transaction.</summary>
    public static Task<TargetRow?> LockAsync(NpgsqlConnection connection, Guid id, CancellationToken cancel) =>
        connection.QuerySingleOrDefaultAsync<TargetRow>(
            new CommandDefinition(FindSql + " FOR UPDATE", new { id }, cancellationToken: cancel));

    private const string FindSql = "SELECT " + Columns + """

        FROM webhook_targets AS t
        WHERE t.id = @id AND t.deleted_at IS NULL
        """;
}
