using System.Data;
using System.Globalization;
using Aspire.Hosting.Postgres.Native;
using Dapper;
using Npgsql;

namespace Payments.Bench.Running;

/// <summary>
/// The throwaway PostgreSQL of this run, durable like any other: a commit is on disk before it is answered. The same
/// settings serve all sides.
/// </summary>
internal sealed class BenchServer : IAsyncDisposable
{
    // All databases that live at a time fit into memory. Checkpoints are kept away from the windows: databases are made
    // and dropped with one before and after them, and none is due by time or by size within.
    private static readonly string[] Settings =
    [
        "fsync=on", "synchronous_commit=on", "full_page_writes=on",
        FormattableString.Invariant($"shared_buffers={SharedGibibytes}GB"), "max_wal_size=16GB", "min_wal_size=2GB",
        "checkpoint_timeout=30min", "max_connections=300", "track_commit_timestamp=on",
    ];

    private const string Watcher = "watcher";

    private readonly ThrowawayPostgres _postgres;
    private readonly int _pid;
    private int _databases;

    private BenchServer(ThrowawayPostgres postgres, NpgsqlDataSource superuser, int pid) =>
        (_postgres, Superuser, _pid) = (postgres, superuser, pid);

    // A third of this machine's memory, up to eight gibibytes.
    private static long SharedGibibytes =>
        Math.Clamp((GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30) / 3, 1, 8);

    /// <summary>Connects to the server's own database, as the superuser.</summary>
    public NpgsqlDataSource Superuser { get; }

    /// <summary>The settings, as the report shows them.</summary>
    public static string SettingsText => string.Join(", ", Settings);

    public string Host => _postgres.Host;

    public int Port => _postgres.Port;

    public string Username => _postgres.Username;

    public string Password => _postgres.Password;

    public static async Task<BenchServer> StartAsync(CancellationToken cancel)
    {
        var postgres = await NativePostgres.StartThrowawayAsync(folder: null, cancel, Settings);
        var superuser = NpgsqlDataSource.Create(ConnectionString(postgres, "postgres"));
        await using var connection = await superuser.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync(
            "CREATE ROLE " + Watcher + " LOGIN PASSWORD '" + postgres.Password
            + "' IN ROLE pg_read_all_data, pg_monitor");
        var file = await connection.ExecuteScalarAsync<string>("SELECT pg_read_file('postmaster.pid')");
        return new BenchServer(postgres, superuser, int.Parse(file!.Split('\n')[0], CultureInfo.InvariantCulture));
    }

    /// <summary>What all of the server's processes have used so far.</summary>
    public TimeSpan ProcessorTime() => Running.ProcessorTime.OfTree(_pid);

    /// <summary>An empty database.</summary>
    public Task<BenchDatabase> CreateAsync(CancellationToken cancel) => CreateAsync("template0", cancel);

    /// <summary>A copy of a database that nobody is connected to.</summary>
    public Task<BenchDatabase> CloneAsync(BenchDatabase template, CancellationToken cancel) =>
        CreateAsync(template.Name, cancel);

    public async Task DropAsync(BenchDatabase database)
    {
        await using var command = Superuser.CreateCommand("DROP DATABASE IF EXISTS " + database.Name + " WITH (FORCE)");
        await command.ExecuteNonQueryAsync();
    }

    public string ConnectionString(string database) => ConnectionString(_postgres, database);

    /// <summary>Who may read everything and change nothing.</summary>
    public string WatcherConnectionString(string database) =>
        new NpgsqlConnectionStringBuilder(ConnectionString(database)) { Username = Watcher }.ConnectionString;

    public async ValueTask DisposeAsync()
    {
        await Superuser.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    // A template is copied file by file, which is quick and leaves nothing in the log to be written in the window.
    private async Task<BenchDatabase> CreateAsync(string template, CancellationToken cancel)
    {
        var name = FormattableString.Invariant($"bench_{++_databases}");
        await using var connection = await Superuser.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "CREATE DATABASE " + name + " TEMPLATE " + template + " STRATEGY file_copy",
            commandTimeout: 600, cancellationToken: cancel));
        return new BenchDatabase(this, name);
    }

    private static string ConnectionString(ThrowawayPostgres postgres, string database) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = postgres.Host,
            Port = postgres.Port,
            Username = postgres.Username,
            Password = postgres.Password,
            Database = database,
            CommandTimeout = 600,
        }.ConnectionString;
}

/// <summary>A database of one run, or one that runs are cloned from.</summary>
internal sealed class BenchDatabase(BenchServer server, string name) : IAsyncDisposable
{
    public string Name => name;

    public BenchServer Server => server;

    public NpgsqlDataSource Superuser { get; } = NpgsqlDataSource.Create(server.ConnectionString(name));

    /// <summary>
    /// For looking on while something is measured: while somebody is connected who may delete entries, as the superuser
    /// may, the product counts its ledger again and again.
    /// </summary>
    public NpgsqlDataSource Watcher { get; } = NpgsqlDataSource.Create(server.WatcherConnectionString(name));

    public string ConnectionString => server.ConnectionString(name);

    /// <summary>As programs that are not .NET read it.</summary>
    public string Url => FormattableString.Invariant(
        $"postgres://{server.Username}:{server.Password}@{server.Host}:{server.Port}/{name}");

    public async Task ExecuteAsync(string sql, object? parameters, CancellationToken cancel)
    {
        await using var connection = await Superuser.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync(
            new CommandDefinition(
                sql, parameters, commandTimeout: 1800, commandType: CommandType.Text, cancellationToken: cancel));
    }

    public async Task<T> ScalarAsync<T>(string sql, CancellationToken cancel)
    {
        await using var connection = await Watcher.OpenConnectionAsync(cancel);
        return (await connection.ExecuteScalarAsync<T>(
            new CommandDefinition(sql, commandTimeout: 600, cancellationToken: cancel)))!;
    }

    /// <summary>Nobody stays connected, so that it can be cloned.</summary>
    public void Disconnect()
    {
        Superuser.Clear();
        Watcher.Clear();
    }

    /// <param name="matters">Which faults count; all unless told.</param>
    /// <exception cref="Measuring.VoidRunException">The books are wrong; the message says where.</exception>
    public async Task CheckBooksAsync(Func<string, bool>? matters = null)
    {
        var faults = (await Testing.Books.FaultsAsync(Superuser)).Where(matters ?? (_ => true)).ToList();
        if (faults.Count > 0)
        {
            throw new Measuring.VoidRunException($"{faults.Count} faults in the books, the first: {faults[0]}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Superuser.DisposeAsync();
        await Watcher.DisposeAsync();
        await server.DropAsync(this);
    }
}
