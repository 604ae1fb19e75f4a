using System.Security.Cryptography;
using System.Text;

namespace Payments.Api.Tests;

/// <summary>Puts API keys into a database.</summary>
internal static class TestKeys
{
    public static readonly string[] ReadAndWrite = ["payments:read", "payments:write"];

    public static Task AddAsync(
        TestDatabase database, string owner, string key, string[]? scopes = null, string? expiresIn = null,
        bool revoked = false) =>
        database.ExecuteAsync(
            """
            WITH owner AS (
                INSERT INTO key_owners (name) VALUES (@owner)
                ON CONFLICT (name) DO UPDATE SET name = excluded.name
                RETURNING id
            )
            INSERT INTO api_keys (id, owner_id, created_at, expires_at, revoked_at, key_hash, scopes)
            SELECT gen_random_uuid(), id, now(), now() + @expiresIn::interval, CASE WHEN @revoked THEN now() END,
                @hash, @scopes
            FROM owner
            ON CONFLICT (key_hash) DO NOTHING
            """,
            new
            {
                owner,
                expiresIn,
                revoked,
                hash = SHA256.HashData(Encoding.UTF8.GetBytes(key)),
                scopes = scopes ?? ReadAndWrite,
            });
}
