using System.Diagnostics;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace Payments.Ledger.Audit;

/// <summary>
/// Records who did what, in the transaction that does it: both happen or neither. A refusal, whose transaction is
/// rolled back, is recorded after that, in a transaction of its own.
/// </summary>
public sealed class AuditLog(TimeProvider clock)
{
    /// <param name="connection">
    /// Its open transaction is the event's; without one the event is a transaction of its own.
    /// </param>
    public Task RecordAsync(NpgsqlConnection connection, AuditEvent audited, CancellationToken cancel) =>
        RecordAllAsync(connection, [audited], cancel);

    /// <summary>Several events, in one round trip.</summary>
    public async Task RecordAllAsync(
        NpgsqlConnection connection, IReadOnlyList<AuditEvent> audited, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(audited);
        if (audited.Count == 0)
        {
            return;
        }

        await using var batch = new NpgsqlBatch(connection);
        foreach (var one in audited)
        {
            batch.BatchCommands.Add(CommandOf(one));
        }

        await batch.ExecuteNonQueryAsync(cancel);
    }

    private NpgsqlBatchCommand CommandOf(AuditEvent audited)
    {
        var now = clock.GetUtcNow();
        var command = new NpgsqlBatchCommand(InsertSql);
        var parameters = command.Parameters;
        parameters.Add(new NpgsqlParameter<Guid> { TypedValue = TimeOrderedId.New(now) });
        parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        parameters.Add(Nullable(TraceId(), NpgsqlDbType.Uuid));
        parameters.Add(Nullable(audited.Actor.KeyId, NpgsqlDbType.Uuid));
        parameters.Add(Nullable(audited.Actor.Name, NpgsqlDbType.Text));
        parameters.Add(Nullable(audited.Action, NpgsqlDbType.Text));
        parameters.Add(Nullable(audited.ObjectType, NpgsqlDbType.Text));
        parameters.Add(Nullable(audited.ObjectId, NpgsqlDbType.Text));
        parameters.Add(Nullable(audited.Outcome, NpgsqlDbType.Text));
        parameters.Add(Nullable(audited.Account, NpgsqlDbType.Text));
        parameters.Add(Nullable(audited.OtherAccount, NpgsqlDbType.Text));
        parameters.Add(Nullable(audited.Currency, NpgsqlDbType.Text));
        parameters.Add(Nullable(JsonOf(audited.Details), NpgsqlDbType.Jsonb));
        return command;
    }

    private static string JsonOf(object? details) =>
        details is null ? "{}" : JsonSerializer.Serialize(details, JsonSerializerOptions.Web);

    private static Guid? TraceId()
    {
        if (Activity.Current is not { IdFormat: ActivityIdFormat.W3C } activity)
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[16];
        activity.TraceId.CopyTo(bytes);
        return new Guid(bytes, bigEndian: true);
    }

    private static NpgsqlParameter Nullable(object? value, NpgsqlDbType type) =>
        new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };

    private const string InsertSql = """
        INSERT INTO audit_events (id, created_at, trace_id, key_id, actor, action, object_type, object_id, outcome,
            account, other_account, currency, details)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """;
}
