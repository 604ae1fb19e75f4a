using System.Diagnostics;
using System.Text;
using Aspire.Hosting.Postgres.Native;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Payments.Ledger.Migrations;

namespace Payments.Testing.Restoring;

/// <summary>
/// A PostgreSQL server of a test's own, with a migrated database <c>payments</c>, that archives its log: it can be
/// backed up while it works, and another server made of the backup, up to any point. All of it ends with the test.
/// </summary>
public sealed class ArchivedServer : IAsyncDisposable
{
    private const string DatabaseName = "payments";
    private const string Superuser = "postgres";

    private readonly ThrowawayDirectory _directory;
    private readonly string _password;
    private readonly string _archive;
    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private readonly NpgsqlConnectionStringBuilder _connection;

    private ArchivedServer(
        ThrowawayDirectory directory, string password, string archive, (string Program, IReadOnlyList<string>) command,
        int port)
    {
        (_directory, _password, _archive) = (directory, password, archive);
        _connection = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = port,
            Username = Superuser,
            Password = password,
            Database = DatabaseName,
        };
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(command.Program, command.Item2)
            {
                WorkingDirectory = "/",
                UseShellExecute = false,
                RedirectStandardError = true,
            },
        };
        _process.ErrorDataReceived += (_, line) => _log.AppendLine(line.Data);
        _process.Start();
        _process.BeginErrorReadLine();
        Database = TestDatabase.On(_connection);
    }

    public TestDatabase Database { get; }

    /// <summary>A new server with a migrated and empty database.</summary>
    public static async Task<ArchivedServer> StartAsync(CancellationToken cancel)
    {
        Ledger.Database.Configure();
        var programs = await NativePostgres.FindAsync(cancel);
        var directory = await programs.MakeThrowawayAsync(cancel);
        var password = Guid.CreateVersion7().ToString("N");
        var data = await programs.PrepareDataAsync(directory.Path, Superuser, password, cancel);
        var archive = Path.Combine(directory.Path, "archive");
        ServerFiles.MakeDirectory(archive, data);

        var server = Start(
            programs, directory, password, archive, "archive_mode=on", $"archive_command=cp %p {archive}/%f");
        await server.WaitAsync("postgres");
        await server.ExecuteAsync("postgres", $"CREATE DATABASE {DatabaseName}");
        await server.MigrateAsync(TestServer.AppPassword, cancel);
        return server;
    }

    /// <summary>
    /// Takes a base backup as a backup program does: tells the server, copies the files as they are, however much is
    /// written meanwhile, and tells the server again.
    /// </summary>
    /// <param name="beforeItsEnd">Is waited for when all is copied.</param>
    public async Task<BaseBackup> BackUpAsync(CancellationToken cancel, Func<Task>? beforeItsEnd = null)
    {
        var files = Path.Combine(_directory.Path, $"backup-{Guid.CreateVersion7():N}");

        // The backup belongs to the session.
        await using var session = await Database.Superuser.OpenConnectionAsync(cancel);
        await session.ExecuteAsync("SELECT pg_backup_start('of a test', fast => true)");
        ServerFiles.Copy(DataOf(_directory), files);
        await (beforeItsEnd?.Invoke() ?? Task.CompletedTask);
        var label = await session.QuerySingleAsync<string>("SELECT labelfile FROM pg_backup_stop()");
        await File.WriteAllTextAsync(Path.Combine(files, "backup_label"), label, cancel);
        return new BaseBackup(files);
    }

    /// <summary>Gives this moment a name, up to which can be restored, and waits until it is in the archive.</summary>
    public async Task MarkAsync(string name)
    {
        await Database.ExecuteAsync("SELECT pg_create_restore_point(@name)", new { name });
        var file = await Database.ScalarAsync<string>("SELECT pg_walfile_name(pg_switch_wal())");
        await Conditions.UntilAsync(() => File.Exists(Path.Combine(_archive, file)));
    }

    /// <summary>Makes another server of a backup and the archive, which waits at the point and can be read.</summary>
    /// <param name="target">A setting such as <c>recovery_target_name=...</c>.</param>
    public async Task<ArchivedServer> RestoreAndWaitAsync(BaseBackup backup, string target, CancellationToken cancel)
    {
        var programs = await NativePostgres.FindAsync(cancel);
        var directory = await programs.MakeThrowawayAsync(cancel);
        var data = DataOf(directory);
        ServerFiles.Copy(backup.Files, data);
        await File.WriteAllTextAsync(Path.Combine(data, "recovery.signal"), "", cancel);
        ServerFiles.GiveTo(data, owner: backup.Files);

        var server = Start(
            programs, directory, _password, _archive,
            $"restore_command=cp {_archive}/%f %p", target, "recovery_target_action=pause");
        await server.WaitAsync(DatabaseName, "SELECT pg_get_wal_replay_pause_state() = 'paused'");
        return server;
    }

    /// <summary>The same, and lets it go on.</summary>
    public async Task<ArchivedServer> RestoreAsync(BaseBackup backup, string target, CancellationToken cancel)
    {
        var server = await RestoreAndWaitAsync(backup, target, cancel);
        await server.GoOnAsync();
        return server;
    }

    /// <summary>Ends the wait at the point: from here on it can be written.</summary>
    public async Task GoOnAsync()
    {
        await Database.ExecuteAsync("SELECT pg_wal_replay_resume()");
        await WaitAsync(DatabaseName);
    }

    /// <summary>What <c>migrate</c> does: the schema of this version, and the password of the services' role.</summary>
    public async Task MigrateAsync(string appPassword, CancellationToken cancel)
    {
        await using var superuser = NpgsqlDataSource.Create(_connection);
        await new Migrator(superuser, appPassword, NullLogger<Migrator>.Instance).MigrateAsync(cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await _directory.DisposeAsync();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static string DataOf(ThrowawayDirectory directory) => Path.Combine(directory.Path, "data");

    // Nothing here outlives the test, so nothing has to reach the disk.
    private static ArchivedServer Start(
        NativePostgres programs, ThrowawayDirectory directory, string password, string archive,
        params string[] settings)
    {
        var port = FreePort.Next();
        string[] all = ["fsync=off", "max_connections=50", "shared_buffers=32MB", .. settings];
        return new ArchivedServer(
            directory, password, archive, programs.ServerCommand(DataOf(directory), port, all), port);
    }

    private Task WaitAsync(string database, string query = "SELECT NOT pg_is_in_recovery()") =>
        Conditions.UntilAsync(() => AnswersTrueAsync(database, query));

    private async Task<bool> AnswersTrueAsync(string database, string query)
    {
        if (_process.HasExited)
        {
            throw new InvalidOperationException($"PostgreSQL ended: {_log}");
        }

        try
        {
            return await QueryAsync<bool>(database, query);
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private Task ExecuteAsync(string database, string sql) => QueryAsync<object?>(database, sql);

    private async Task<T?> QueryAsync<T>(string database, string sql)
    {
        var connection = new NpgsqlConnectionStringBuilder(_connection.ConnectionString)
        {
            Database = database,
            Pooling = false,
        };
        await using var session = new NpgsqlConnection(connection.ConnectionString);
        await session.OpenAsync();
        return await session.ExecuteScalarAsync<T>(sql);
    }
}

/// <summary>The files of a base backup.</summary>
public sealed record BaseBackup(string Files);
