using System.Globalization;
using System.Security.Cryptography;
using Aspire.Hosting.Postgres.Native;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Migrations;

namespace Payments.Testing;

/// <summary>
/// The PostgreSQL server of this test process: the one that <c>PAYMENTS_TEST_POSTGRES</c> names (a connection string of
/// its superuser; a server for tests only, since the password of <c>payments_app</c> is set there), or a throwaway one
/// that ends with the process. It holds one migrated template, from which each test class gets a clone.
/// </summary>
public static class TestServer
{
    /// <summary>The password that <c>payments_app</c> has on the test server.</summary>
    public const string AppPassword = "test";

    private static readonly Lazy<Task<NpgsqlConnectionStringBuilder>> Server = new(StartAsync);

    // Creates and drops the databases: hundreds of them, over the same few connections.
    private static readonly Lazy<Task<NpgsqlDataSource>> Administration = new(
        async () => SourceOf(await ConnectionStringAsync("postgres")));

    // Held for the process's life: the server ends when the pipe to it is closed, also by the garbage collector.
    private static ThrowawayPostgres? _throwaway;

    private static readonly string Template = "payments_template_" + SchemaHash();

    /// <summary>Creates a migrated database of its own and returns its name.</summary>
    /// <param name="template">A database to copy with its rows, to which nobody is connected; null for none.</param>
    public static async Task<string> CloneAsync(string? template = null)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Guid.CreateVersion7():N}");

        // Copied as files: to write it all to the log as well takes four times the processor.
        await ExecuteAsync($"CREATE DATABASE {name} TEMPLATE {template ?? Template} STRATEGY file_copy");
        return name;
    }

    /// <summary>Creates a database without any schema and returns its name.</summary>
    public static async Task<string> CreateEmptyAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"empty_{Guid.CreateVersion7():N}");
        await ExecuteAsync($"CREATE DATABASE {name}");
        return name;
    }

    public static Task DropAsync(string database) => ExecuteAsync($"DROP DATABASE {database} WITH (FORCE)");

    /// <summary>A connection string to one of the server's databases, as its superuser.</summary>
    public static async Task<NpgsqlConnectionStringBuilder> ConnectionStringAsync(string database) =>
        new((await Server.Value).ConnectionString) { Database = database };

    /// <summary>Knows PostgreSQL's own types only: reading the rest is most of a first connection.</summary>
    public static NpgsqlDataSource SourceOf(NpgsqlConnectionStringBuilder server)
    {
        var source = new NpgsqlDataSourceBuilder(server.ConnectionString);
        source.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        return source.Build();
    }

    private static async Task ExecuteAsync(string sql)
    {
        await using var command = (await Administration.Value).CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<NpgsqlConnectionStringBuilder> StartAsync()
    {
        Database.Configure();
        var server = Environment.GetEnvironmentVariable("PAYMENTS_TEST_POSTGRES") is { Length: > 0 } given
            ? new NpgsqlConnectionStringBuilder(given)
            : await StartThrowawayAsync();
        await PrepareTemplateAsync(server);
        return server;
    }

    // Nothing here outlives the process, so nothing has to reach the disk.
    private static async Task<NpgsqlConnectionStringBuilder> StartThrowawayAsync()
    {
        _throwaway = await NativePostgres.StartThrowawayAsync(
            MemoryFolder(),
            CancellationToken.None,
            "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300",
            "max_wal_size=256MB");
        return new NpgsqlConnectionStringBuilder
        {
            Host = _throwaway.Host,
            Port = _throwaway.Port,
            Username = _throwaway.Username,
            Password = _throwaway.Password,
        };
    }

    // To make and delete the thousands of files of the databases costs a file system on a disk far more.
    private static string? MemoryFolder()
    {
        const string Folder = "/dev/shm";
        const long Enough = 4L << 30;
        return Directory.Exists(Folder) && new DriveInfo(Folder).AvailableFreeSpace >= Enough ? Folder : null;
    }

    // Several test processes may share a given server: the first one makes the template, under a lock.
    private static async Task PrepareTemplateAsync(NpgsqlConnectionStringBuilder server)
    {
        const long LockKey = 0x74656D706C617465;
        await using var source = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = "postgres", Pooling = false });
        await using var connection = await source.OpenConnectionAsync();
        await using (var acquire = new NpgsqlCommand($"SELECT pg_advisory_lock({LockKey})", connection))
        {
            await acquire.ExecuteNonQueryAsync();
        }

        await using var find = new NpgsqlCommand("SELECT count(*) FROM pg_database WHERE datname = $1", connection)
        {
            Parameters = { new() { Value = Template } },
        };
        if ((long)(await find.ExecuteScalarAsync())! > 0)
        {
            return;
        }

        // Renamed when complete, so that a template of this name is never half done.
        var unfinished = Template + "_unfinished";
        await ExecuteOnAsync(connection, $"DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)");
        await ExecuteOnAsync(connection, $"CREATE DATABASE {unfinished}");
        await using (var superuser = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = unfinished, Pooling = false }))
        {
            var migrator = new Migrator(superuser, AppPassword, NullLogger<Migrator>.Instance);
            await migrator.MigrateAsync(CancellationToken.None);

            // Leaves the file of what every connection has to know of the catalog, for the clones to copy.
            await using var first = await superuser.OpenConnectionAsync();
        }

        await ExecuteOnAsync(connection, $"ALTER DATABASE {unfinished} RENAME TO {Template}");
    }

    private static async Task ExecuteOnAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static string SchemaHash() =>
        Convert.ToHexStringLower(SHA256.HashData([.. Migrator.All.SelectMany(migration => migration.Hash)]))[..12];
}
