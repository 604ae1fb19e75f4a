using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Payments.Bench.Running;
using Payments.Ledger.Migrations;

namespace Payments.Bench.Product;

/// <summary>The product's schema in a database, with one API key, and what can be counted there.</summary>
internal static class ProductDatabase
{
    /// <summary>The API key that callers present.</summary>
    public const string ApiKey = "bench-2b7e151628aed2a6abf7158809cf4f3c";

    /// <summary>The owner of the key: the first of a new database.</summary>
    public const int OwnerId = 1;

    private const string AppPassword = "bench";

    /// <summary>Brings an empty database to the product's schema and adds the key.</summary>
    public static async Task MigrateAsync(this BenchDatabase database, CancellationToken cancel)
    {
        await new Migrator(database.Superuser, AppPassword, NullLogger<Migrator>.Instance).MigrateAsync(cancel);
        await database.ExecuteAsync(
            AddKeySql, new { hash = SHA256.HashData(Encoding.UTF8.GetBytes(ApiKey)) }, cancel);
    }

    /// <summary>The connection string of the services, who can neither alter nor delete the books.</summary>
    public static string AppConnectionString(this BenchDatabase database) =>
        new NpgsqlConnectionStringBuilder(database.ConnectionString)
        {
            Username = Migrator.AppRole,
            Password = AppPassword,
            // Nothing but what the AppHost hands out.
            CommandTimeout = 30,
        }.ConnectionString;

    /// <summary>
    /// How many payments were posted: every one moves the position of a clearing account, and there are 64 of those.
    /// </summary>
    public static Task<long> CountSettledAsync(this BenchDatabase database, CancellationToken cancel) =>
        database.ScalarAsync<long>(CountSettledSql, cancel);

    public static Task<long> CountPaymentsAsync(this BenchDatabase database, CancellationToken cancel) =>
        database.ScalarAsync<long>("SELECT count(*) FROM payments", cancel);

    /// <exception cref="Measuring.VoidRunException">It holds another number of payments.</exception>
    public static async Task ShouldHoldAsync(this BenchDatabase database, long created, CancellationToken cancel)
    {
        if (await database.CountPaymentsAsync(cancel) is var stored && stored != created)
        {
            throw new Measuring.VoidRunException(
                FormattableString.Invariant($"{created} answered, but {stored} stored"));
        }
    }

    /// <summary>Leaves a table as one that was in use: its rows known to be visible, its statistics taken.</summary>
    public static async Task SettleDownAsync(this BenchDatabase database, CancellationToken cancel)
    {
        await database.ExecuteAsync("VACUUM (ANALYZE)", null, cancel);
        await database.ExecuteAsync("CHECKPOINT", null, cancel);
    }

    private const string AddKeySql = """
        WITH owner AS (
            INSERT INTO key_owners (name) VALUES ('bench') RETURNING id
        )
        INSERT INTO api_keys (id, owner_id, created_at, key_hash, scopes)
        SELECT gen_random_uuid(), id, now(), @hash, ARRAY['payments:read', 'payments:write']
        FROM owner
        """;

    private const string CountSettledSql = """
        SELECT coalesce(sum(position), 0)::bigint
        FROM accounts
        WHERE name >= 'clearing/' AND name < 'clearing0'
        """;
}
