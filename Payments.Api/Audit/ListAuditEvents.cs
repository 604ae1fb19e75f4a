using System.Text.Json;
using Dapper;
using Npgsql;
using Payments.Api.Paging;

namespace Payments.Api.Audit;

/// <summary>One page of all audit events, newest first: by id, which begins with the time.</summary>
internal sealed class ListAuditEvents(NpgsqlDataSource database)
{
    /// <returns>Up to one more than the limit, in the direction of the page; null when the cursor is unknown.</returns>
    public async Task<List<AuditEventAnswer>?> ExecuteAsync(Guid? cursor, PageQuery query, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        if (cursor is not null && !await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "SELECT EXISTS (SELECT FROM audit_events WHERE id = @cursor)", new { cursor }, cancellationToken: cancel)))
        {
            return null;
        }

        var parameters = new
        {
            bound = cursor ?? Guid.AllBitsSet,
            actor = query.Get("actor"),
            action = query.Get("action"),
            objectType = query.Get("objectType"),
            objectId = query.Get("objectId"),
            count = query.Limit + 1,
        };
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            query.Backwards ? OldestFirstSql : NewestFirstSql, parameters, cancellationToken: cancel));
        return [.. rows.Select(row => row.ToAnswer())];
    }

    private const string NewestFirstSql = """
        SELECT e.id, e.created_at, e.actor, e.key_id, e.action, e.object_type, e.object_id, e.outcome, e.account,
            e.other_account, e.currency, e.trace_id, c.sequence, e.details::text AS details
        FROM audit_events AS e
        LEFT JOIN audit_chain AS c ON c.event_id = e.id
        WHERE e.id < @bound
            AND (@actor::text IS NULL OR e.actor = @actor)
            AND (@action::text IS NULL OR e.action = @action)
            AND (@objectType::text IS NULL OR e.object_type = @objectType)
            AND (@objectId::text IS NULL OR e.object_id = @objectId)
        ORDER BY e.id DESC
        LIMIT @count
        """;

    // A page that ends before its cursor is walked from the cursor towards newer events.
    private static readonly string OldestFirstSql = NewestFirstSql
        .Replace(" DESC", "", StringComparison.Ordinal)
        .Replace("e.id < @bound", "e.id > @bound", StringComparison.Ordinal);

    private sealed record Row(
        Guid Id, DateTimeOffset CreatedAt, string Actor, Guid? KeyId, string Action, string ObjectType,
        string ObjectId, string Outcome, string? Account, string? OtherAccount, string? Currency, Guid? TraceId,
        long? Sequence, string Details)
    {
        public AuditEventAnswer ToAnswer() => new(
            Id, CreatedAt, Actor, KeyId, Action, ObjectType, ObjectId, Outcome, Account, OtherAccount, Currency,
            TraceId?.ToString("N"), Sequence, JsonElement.Parse(Details));
    }
}
