using Npgsql;

namespace Payments.Api.Keys;

/// <summary>
/// The keys that everyone knows, for development machines. They are seeded by <c>migrate</c> in Development only, and
/// refused outside it even when a database holds them.
/// </summary>
internal static class DeveloperKeys
{
    public const string Demo = "demo-token";

    /// <summary>A second owner, to try what needs two people.</summary>
    public const string Reviewer = "reviewer-token";

    public static bool IsOne(string key) => key is Demo or Reviewer;

    /// <summary>Adds both keys with every scope; a second time it changes nothing.</summary>
    public static async Task SeedAsync(NpgsqlDataSource database, TimeProvider clock, CancellationToken cancel)
    {
        await SeedAsync(database, "developer", Demo, clock, cancel);
        await SeedAsync(database, "reviewer", Reviewer, clock, cancel);
    }

    private static async Task SeedAsync(
        NpgsqlDataSource database, string owner, string key, TimeProvider clock, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        await using var command = database.CreateCommand(SeedSql);
        command.Parameters.Add(new NpgsqlParameter { Value = owner });
        command.Parameters.Add(new NpgsqlParameter { Value = Guid.CreateVersion7(now) });
        command.Parameters.Add(new NpgsqlParameter { Value = now.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter { Value = KeyText.HashOf(key) });
        command.Parameters.Add(new NpgsqlParameter { Value = Scopes.All.ToArray() });
        await command.ExecuteNonQueryAsync(cancel);
    }

    // A later version's scopes reach the keys of an older database.
    private const string SeedSql = """
        WITH owner AS (
            INSERT INTO key_owners (name)
            VALUES ($1)
            ON CONFLICT (name) DO UPDATE SET name = excluded.name
            RETURNING id
        )
        INSERT INTO api_keys (id, owner_id, created_at, key_hash, scopes)
        SELECT $2, id, $3, $4, $5
        FROM owner
        ON CONFLICT (key_hash) DO UPDATE SET scopes = excluded.scopes
        """;
}
