using Dapper;
using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Audit;

namespace Payments.Api.Keys;

/// <summary>A key as it is stored, without anything of the key itself; columns in this order.</summary>
internal sealed record KeyRow(
    Guid Id, string Owner, string Scopes, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt, int? RequestsPerSecond);

/// <summary>A key that was just made: the only moment at which its text is known.</summary>
internal sealed record NewKey(string Key, KeyRow Row);

/// <summary>
/// Makes, lists and ends API keys; each change and its audit event are one transaction. That somebody tried to end or
/// to rotate a key that is unknown, or has ended, is in the audit trail too.
/// </summary>
internal sealed class ManageKeys(NpgsqlDataSource database, AuditLog audit, AuditActor actor, TimeProvider clock)
{
    public async Task<NewKey> CreateAsync(
        string owner, IReadOnlyList<string> scopes, DateTimeOffset? expiresAt, int? limit, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var created = await InsertAsync(connection, owner, scopes, expiresAt, limit, cancel);
        await RecordAsync(connection, "key.created", created.Row, new { owner, scopes, expiresAt, limit }, cancel);
        await transaction.CommitAsync(cancel);
        return created;
    }

    public async Task<IReadOnlyList<KeyRow>> ListAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var keys = await connection.QueryAsync<KeyRow>(new CommandDefinition(ListSql, cancellationToken: cancel));
        return keys.AsList();
    }

    /// <returns>The key as it was before; null when there is none with this id.</returns>
    public async Task<KeyRow?> RevokeAsync(Guid id, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var key = await LockAsync(connection, id, cancel);
        if (key is { RevokedAt: null })
        {
            await EndAsync(connection, id, revokedAt: clock.GetUtcNow(), key.ExpiresAt, cancel);
            await RecordAsync(connection, "key.revoked", key, new { key.Owner }, cancel);
        }
        else
        {
            await RecordRefusalAsync(connection, "key.revoked", id, key, cancel);
        }

        await transaction.CommitAsync(cancel);
        return key;
    }

    /// <summary>
    /// Makes a key for the same owner, with the same rights and as long a life, and lets the old one end after the
    /// overlap. Idempotency keys belong to the owner: what was sent with the old key is replayed to the new one.
    /// </summary>
    /// <returns>Null when no key that is still good has this id.</returns>
    public async Task<NewKey?> RotateAsync(
        Guid id, TimeSpan overlap, DateTimeOffset? expiresAt, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var now = clock.GetUtcNow();
        var old = await LockAsync(connection, id, cancel);
        if (old is not { RevokedAt: null } || old.ExpiresAt <= now)
        {
            await RecordRefusalAsync(connection, "key.rotated", id, old, cancel);
            await transaction.CommitAsync(cancel);
            return null;
        }

        expiresAt ??= now + (old.ExpiresAt - old.CreatedAt);
        var created = await InsertAsync(
            connection, old.Owner, old.Scopes.Split(',', StringSplitOptions.RemoveEmptyEntries), expiresAt,
            old.RequestsPerSecond, cancel);
        var end = old.ExpiresAt < now + overlap ? old.ExpiresAt : now + overlap;
        await EndAsync(connection, id, overlap == TimeSpan.Zero ? now : null, end, cancel);
        await RecordAsync(
            connection, "key.rotated", old, new { old.Owner, NewKeyId = created.Row.Id, OldKeyEnds = end }, cancel);
        await transaction.CommitAsync(cancel);
        return created;
    }

    private async Task<NewKey> InsertAsync(
        NpgsqlConnection connection, string owner, IReadOnlyList<string> scopes, DateTimeOffset? expiresAt, int? limit,
        CancellationToken cancel)
    {
        var key = KeyText.Create();
        var now = clock.GetUtcNow();
        var row = new KeyRow(
            TimeOrderedId.New(now), owner, string.Join(',', scopes), now, expiresAt, null, limit);
        await connection.ExecuteAsync(new CommandDefinition(
            InsertSql,
            new { row.Id, owner, now, expiresAt, hash = KeyText.HashOf(key), scopes = scopes.ToArray(), limit },
            cancellationToken: cancel));
        return new(key, row);
    }

    private Task RecordAsync(
        NpgsqlConnection connection, string action, KeyRow key, object details, CancellationToken cancel) =>
        audit.RecordAsync(connection, new(actor, action, "key", key.Id.ToString()) { Details = details }, cancel);

    private Task RecordRefusalAsync(
        NpgsqlConnection connection, string action, Guid id, KeyRow? key, CancellationToken cancel)
    {
        var refused = new AuditEvent(actor, action, "key", id.ToString())
        {
            Outcome = AuditOutcome.Refused,
            Details = new { Code = key is null ? "key_not_found" : "key_ended", Owner = key?.Owner },
        };
        return audit.RecordAsync(connection, refused, cancel);
    }

    private static Task<KeyRow?> LockAsync(NpgsqlConnection connection, Guid id, CancellationToken cancel) =>
        connection.QuerySingleOrDefaultAsync<KeyRow>(
            new CommandDefinition(LockSql, new { id }, cancellationToken: cancel));

    private static Task<int> EndAsync(
        NpgsqlConnection connection, Guid id, DateTimeOffset? revokedAt, DateTimeOffset? expiresAt,
        CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(
            EndSql, new { id, revokedAt, expiresAt }, cancellationToken: cancel));

    private const string InsertSql = """
        WITH owner AS (
            INSERT INTO key_owners (name)
            VALUES (@owner)
            ON CONFLICT (name) DO UPDATE SET name = excluded.name
            RETURNING id
        )
        INSERT INTO api_keys (id, owner_id, created_at, expires_at, key_hash, scopes, requests_per_second)
        SELECT @id, owner.id, @now, @expiresAt, @hash, @scopes, @limit
        FROM owner
        """;

    private const string ListSql = """
        SELECT k.id, o.name AS owner, array_to_string(k.scopes, ',') AS scopes, k.created_at, k.expires_at,
            k.revoked_at, k.requests_per_second
        FROM api_keys AS k
        JOIN key_owners AS o ON o.id = k.owner_id
        ORDER BY o.name, k.created_at, k.id
        """;

    private const string LockSql = """
        SELECT k.id, o.name AS owner, array_to_string(k.scopes, ',') AS scopes, k.created_at, k.expires_at,
            k.revoked_at, k.requests_per_second
        FROM api_keys AS k
        JOIN key_owners AS o ON o.id = k.owner_id
        WHERE k.id = @id
        FOR UPDATE OF k
        """;

    private const string EndSql = """
        UPDATE api_keys
        SET revoked_at = @revokedAt, expires_at = @expiresAt
        WHERE id = @id
        """;
}
