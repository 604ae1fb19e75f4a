using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Payments.Ledger.Migrations;

/// <summary>
/// Brings a database to this version's schema, forward only, one migration a transaction. Run twice, or by two
/// processes at once, it changes nothing the second time.
/// </summary>
/// <param name="superuser">Connects as the superuser: roles are created, and tables owned by one of them.</param>
/// <param name="appPassword">The password that <c>payments_app</c>, the role of the services, is given.</param>
public sealed class Migrator(NpgsqlDataSource superuser, string appPassword, ILogger<Migrator> logger)
{
    /// <summary>Owns schema and tables; nobody can log in as it.</summary>
    public const string OwnerRole = "payments_owner";

    /// <summary>
    /// The role of the services: owns nothing, and can neither change nor delete what is in the books.
    /// </summary>
    public const string AppRole = "payments_app";

    /// <summary>Reads the version of a database's schema: one integer, 0 before the first migration.</summary>
    public const string VersionSql = "SELECT coalesce(max(number), 0) FROM schema_migrations";

    // Any number will do as long as nothing else in this database locks the same.
    private const long LockKey = 0x7061796D656E7473;

    /// <summary>The schema's version: the number of the last migration.</summary>
    public static int Version => All.Count;

    /// <summary>All migrations in order: number, file name and text.</summary>
    public static IReadOnlyList<Migration> All { get; } = ReadAll();

    /// <exception cref="InvalidOperationException">
    /// The database is newer than this program, or one of its migrations was edited after it had been applied.
    /// </exception>
    public async Task MigrateAsync(CancellationToken cancel)
    {
        await using var connection = await superuser.OpenConnectionAsync(cancel);

        // Held by the session, so that a second migrator waits here and then finds nothing to do.
        await ExecuteAsync(connection, "SELECT pg_advisory_lock($1)", cancel, LockKey);
        try
        {
            await MigrateAsync(connection, cancel);
        }
        finally
        {
            // The session goes back to a pool, which would keep the lock until somebody uses it again.
            await ExecuteAsync(connection, "SELECT pg_advisory_unlock($1)", CancellationToken.None, LockKey);
        }
    }

    private async Task MigrateAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await PrepareRolesAsync(connection, cancel);
        await ExecuteAsync(connection, OwnSchemaSql, cancel);

        var applied = await ReadAppliedAsync(connection, cancel);
        foreach (var migration in All.Skip(applied.Count))
        {
            await ApplyAsync(connection, migration, cancel);
        }

        logger.LogInformation(
            "Schema is at version {Version}, {Applied} migrations applied now", Version, Version - applied.Count);
    }

    private async Task ApplyAsync(NpgsqlConnection connection, Migration migration, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await ExecuteAsync(connection, "SET LOCAL ROLE payments_owner", cancel);
        await ExecuteAsync(connection, migration.Sql, cancel);
        await ExecuteAsync(
            connection,
            "INSERT INTO schema_migrations (number, name, hash) VALUES ($1, $2, $3)",
            cancel, migration.Number, migration.Name, migration.Hash);
        await transaction.CommitAsync(cancel);

        logger.LogInformation("Applied migration {Migration}", migration.Name);
    }

    private static async Task<IReadOnlyList<byte[]>> ReadAppliedAsync(
        NpgsqlConnection connection, CancellationToken cancel)
    {
        var hashes = new List<byte[]>();
        await using (var command = new NpgsqlCommand("SELECT hash FROM schema_migrations ORDER BY number", connection))
        await using (var reader = await command.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
            {
                hashes.Add(reader.GetFieldValue<byte[]>(0));
            }
        }

        if (hashes.Count > All.Count)
        {
            throw new InvalidOperationException(
                $"The database has schema version {hashes.Count}, this program knows {All.Count}: start a newer one.");
        }

        var edited = All.Zip(hashes).FirstOrDefault(pair => !pair.First.Hash.AsSpan().SequenceEqual(pair.Second)).First;
        return edited is null
            ? hashes
            : throw new InvalidOperationException(
                $"Migration {edited.Name} differs from the one that was applied to this database: "
                + "add a new one instead.");
    }

    // Roles belong to the whole server: another database's migrator may create the same ones at this moment, and
    // PostgreSQL answers one of the two with a conflict. The loser finds them there when it looks again.
    private async Task PrepareRolesAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        const int Tries = 10;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await ExecuteAsync(connection, CreateRolesSql, cancel);
                await SetAppPasswordAsync(connection, cancel);
                return;
            }
            catch (PostgresException e) when (attempt < Tries && IsConflictBetweenMigrators(e))
            {
                logger.LogDebug(e, "Roles are being created by another migrator; attempt {Attempt}", attempt);
            }
        }
    }

    private static bool IsConflictBetweenMigrators(PostgresException e) => e.SqlState is
        PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateObject or PostgresErrorCodes.InternalError;

    // ALTER ROLE takes no parameter: the server quotes the password itself.
    private async Task SetAppPasswordAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var format = new NpgsqlCommand(
            "SELECT format('ALTER ROLE payments_app LOGIN PASSWORD %L', $1)", connection);
        format.Parameters.Add(new NpgsqlParameter { Value = appPassword });
        var alterRole = (string)(await format.ExecuteScalarAsync(cancel))!;
        await ExecuteAsync(connection, alterRole, cancel);
    }

    private static async Task ExecuteAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancel, params object[] parameters)
    {
        // No limit: the lock is waited for, and a migration takes the time it takes.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        }

        await command.ExecuteNonQueryAsync(cancel);
    }

    private static List<Migration> ReadAll()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return
        [
            .. assembly.GetManifestResourceNames()
                .Where(name => name.EndsWith(".sql", StringComparison.Ordinal) && char.IsAsciiDigit(name[0]))
                .Order(StringComparer.Ordinal)
                .Select((name, index) => Migration.Read(assembly, name, index + 1)),
        ];
    }

    private const string CreateRolesSql = """
        DO $$
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'payments_owner') THEN
                CREATE ROLE payments_owner NOLOGIN;
            END IF;
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'payments_app') THEN
                CREATE ROLE payments_app LOGIN;
            END IF;
        END
        $$
        """;

    private const string OwnSchemaSql = """
        ALTER SCHEMA public OWNER TO payments_owner;
        GRANT USAGE ON SCHEMA public TO payments_app;
        CREATE TABLE IF NOT EXISTS schema_migrations (
            number integer CONSTRAINT schema_migrations_pkey PRIMARY KEY,
            name text NOT NULL,
            hash bytea NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        );
        ALTER TABLE schema_migrations OWNER TO payments_owner;
        GRANT SELECT ON schema_migrations TO payments_app;

        -- No service needs tables of its own, and one that has the name of a real one deceives whoever reads it.
        -- Everybody has this right to a new database, so it is taken from everybody.
        DO $$
        BEGIN
            EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
        END
        $$;
        """;
}

/// <summary>One step of the schema: <c>0002_ledger.sql</c> is number 2.</summary>
public sealed record Migration(int Number, string Name, string Sql)
{
    /// <summary>SHA-256 of the text, which tells an edited migration from the one that was applied.</summary>
    public byte[] Hash { get; } = SHA256.HashData(Encoding.UTF8.GetBytes(Sql));

    internal static Migration Read(Assembly assembly, string name, int number)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return name.StartsWith(FormattableString.Invariant($"{number:0000}_"), StringComparison.Ordinal)
            ? new Migration(number, Path.GetFileNameWithoutExtension(name), reader.ReadToEnd())
            : throw new InvalidOperationException($"Migration {number:0000} is missing: found {name} in its place.");
    }
}
