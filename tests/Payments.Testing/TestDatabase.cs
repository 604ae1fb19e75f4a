using Dapper;
using Npgsql;
using Payments.Ledger.Migrations;
using Xunit;

namespace Payments.Testing;

/// <summary>
/// A migrated database of its own for one test class, cloned from a template in milliseconds: nothing that one class
/// writes can be seen by another.
/// </summary>
public sealed class TestDatabase : IAsyncLifetime
{
    private bool _isOnTestServer;

    /// <summary>A database to start with, to which nobody is connected; null for an empty one.</summary>
    public string? Template { get; init; }

    /// <summary>The database's name on <see cref="TestServer"/>.</summary>
    public string Name { get; private set; } = "";

    /// <summary>Connects as <c>payments_app</c>, as the services do.</summary>
    public NpgsqlDataSource App { get; private set; } = null!;

    /// <summary>Connects as the server's superuser, who may age rows, break triggers and look at everything.</summary>
    public NpgsqlDataSource Superuser { get; private set; } = null!;

    /// <summary>The services' connection string, as the AppHost would hand it out.</summary>
    public string AppConnectionString { get; private set; } = "";

    /// <summary>A database on a server of a test's own, with which it ends.</summary>
    public static TestDatabase On(NpgsqlConnectionStringBuilder superuser)
    {
        var database = new TestDatabase { Name = superuser.Database! };
        database.Connect(superuser);
        return database;
    }

    public async ValueTask InitializeAsync()
    {
        Name = await TestServer.CloneAsync(Template);
        _isOnTestServer = true;
        Connect(await TestServer.ConnectionStringAsync(Name));
    }

    /// <summary>Ends all connections, so that others can start with what is in this one.</summary>
    public async Task CloseAsync()
    {
        await App.DisposeAsync();
        await Superuser.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        if (_isOnTestServer)
        {
            await TestServer.DropAsync(Name);
        }
    }

    /// <summary>Runs one statement as the superuser and returns the number of rows it touched.</summary>
    public async Task<int> ExecuteAsync(string sql, object? parameters = null)
    {
        await using var connection = await Superuser.OpenConnectionAsync();
        return await connection.ExecuteAsync(sql, parameters);
    }

    /// <summary>Reads one value as the superuser.</summary>
    public async Task<T> ScalarAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await Superuser.OpenConnectionAsync();
        return (await connection.ExecuteScalarAsync<T>(sql, parameters))!;
    }

    /// <summary>Reads rows as the superuser.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await Superuser.OpenConnectionAsync();
        return [.. await connection.QueryAsync<T>(sql, parameters)];
    }

    private void Connect(NpgsqlConnectionStringBuilder superuser)
    {
        Superuser = TestServer.SourceOf(superuser);
        AppConnectionString = new NpgsqlConnectionStringBuilder(superuser.ConnectionString)
        {
            Username = Migrator.AppRole,
            Password = TestServer.AppPassword,
        }.ConnectionString;
        App = NpgsqlDataSource.Create(AppConnectionString);
    }
}
