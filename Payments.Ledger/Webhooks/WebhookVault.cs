using System.Security.Cryptography;
using Dapper;
using Npgsql;

namespace Payments.Ledger.Webhooks;

/// <summary>
/// Keeps the secrets of the targets, encrypted when there is a key for that. After a rotation the old secret signs too,
/// for the overlap; what has expired is forgotten.
/// </summary>
public sealed class WebhookVault(WebhookOptions options, TimeProvider clock)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly List<(string Id, byte[] Key)> _keys =
        [.. options.Keys().OfType<byte[]>().Select(key => (IdOf(key), key))];

    /// <summary>Whether there is a key to encrypt secrets with.</summary>
    public bool Encrypts => _keys.Count > 0;

    /// <summary>Adds a secret within the open transaction; older ones end after the overlap.</summary>
    public async Task AddAsync(
        NpgsqlConnection connection, Guid targetId, byte[] secret, TimeSpan overlap, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        var (keyId, kept) = _keys.Count == 0 ? (null, secret) : (_keys[0].Id, Seal(_keys[0].Key, id, secret));
        await connection.ExecuteAsync(new CommandDefinition(
            AddSql, new { id, targetId, now, overlap, keyId, kept }, cancellationToken: cancel));
    }

    /// <summary>The secrets that sign now, newest first.</summary>
    /// <exception cref="CryptographicException">One is encrypted with a key that is not known here.</exception>
    public async Task<IReadOnlyList<byte[]>> ReadAsync(
        NpgsqlConnection connection, Guid targetId, CancellationToken cancel)
    {
        var rows = await connection.QueryAsync<Row>(
            new CommandDefinition(ReadSql, new { targetId }, cancellationToken: cancel));
        return [.. rows.Select(Open)];
    }

    /// <summary>Forgets all secrets of a target within the open transaction.</summary>
    public static Task ForgetAsync(NpgsqlConnection connection, Guid targetId, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(ForgetSql, new { targetId }, cancellationToken: cancel));

    private byte[] Open(Row row)
    {
        if (row.KeyId is null)
        {
            return row.Secret;
        }

        var key = _keys.Find(known => known.Id == row.KeyId).Key ?? throw new CryptographicException(
            $"The secret is encrypted with the key {row.KeyId}, which Webhooks:EncryptionKey does not have.");
        var sealedSecret = row.Secret.AsSpan();
        var secret = new byte[sealedSecret.Length - NonceBytes - TagBytes];
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Decrypt(
            sealedSecret[..NonceBytes], sealedSecret[(NonceBytes + TagBytes)..],
            sealedSecret.Slice(NonceBytes, TagBytes), secret, row.Id.ToByteArray());
        return secret;
    }

    // The row's id is authenticated with it: a secret that was moved to another row does not open.
    private static byte[] Seal(byte[] key, Guid id, byte[] secret)
    {
        var result = new byte[NonceBytes + TagBytes + secret.Length];
        var nonce = result.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(
            nonce, secret, result.AsSpan(NonceBytes + TagBytes), result.AsSpan(NonceBytes, TagBytes),
            id.ToByteArray());
        return result;
    }

    private static string IdOf(byte[] key) => Convert.ToHexStringLower(SHA256.HashData(key).AsSpan(0, 4));

    private const string AddSql = """
        WITH forgotten AS (
            UPDATE webhook_secrets
            SET expires_at = least(expires_at, clock_timestamp() + @overlap),
                secret = CASE WHEN least(expires_at, clock_timestamp() + @overlap) > clock_timestamp() THEN secret END
            WHERE target_id = @targetId AND secret IS NOT NULL
        )
        INSERT INTO webhook_secrets (id, target_id, created_at, key_id, secret)
        VALUES (@id, @targetId, @now, @keyId, @kept)
        """;

    private const string ReadSql = """
        SELECT id, key_id, secret
        FROM webhook_secrets
        WHERE target_id = @targetId AND secret IS NOT NULL AND coalesce(expires_at > clock_timestamp(), true)
        ORDER BY id DESC
        """;

    private const string ForgetSql = """
        UPDATE webhook_secrets
        SET expires_at = clock_timestamp(), secret = NULL
        WHERE target_id = @targetId AND secret IS NOT NULL
        """;

    private sealed record Row(Guid Id, string? KeyId, byte[] Secret);
}
