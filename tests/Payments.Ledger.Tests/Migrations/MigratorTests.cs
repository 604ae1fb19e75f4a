using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Payments.Ledger.Migrations;
using Payments.Testing;

namespace Payments.Ledger.Tests.Migrations;

public sealed class MigratorTests : IAsyncLifetime
{
    private string _name = "";
    private NpgsqlDataSource _superuser = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _name = await TestServer.CreateEmptyAsync();
        _superuser = NpgsqlDataSource.Create(await TestServer.ConnectionStringAsync(_name));
    }

    public async ValueTask DisposeAsync()
    {
        await _superuser.DisposeAsync();
        await TestServer.DropAsync(_name);
    }

    [Fact]
    public async Task Migrators_started_together_apply_each_migration_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => MigrateAsync()));

        Assert.Equal(
            Enumerable.Range(1, Migrator.Version),
            await QueryAsync<int>("SELECT number FROM schema_migrations ORDER BY number"));
    }

    [Fact]
    public async Task Everything_belongs_to_a_role_that_cannot_log_in()
    {
        await MigrateAsync();

        Assert.Equal(["payments_owner"], await QueryAsync<string>(
            "SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname = 'public'"));
        Assert.Equal([false], await QueryAsync<bool>(
            "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'payments_owner'"));
    }

    [Fact]
    public async Task The_services_cannot_make_temporary_tables()
    {
        await MigrateAsync();

        Assert.Equal([false], await QueryAsync<bool>(
            "SELECT has_database_privilege('payments_app', current_database(), 'TEMPORARY')"));
    }

    // A function that is called with other rights than the caller's, or by a trigger, finds the tables of this schema
    // only, whatever the caller's search path and its temporary tables are.
    [Fact]
    public async Task Every_function_of_a_trigger_or_with_its_owners_rights_looks_at_temporary_tables_last()
    {
        const string Rule = "search_path=public, pg_temp";
        await MigrateAsync();

        var functions = await QueryAsync<(string Name, string Path)>("""
            SELECT function.proname::text, coalesce((
                SELECT setting
                FROM unnest(function.proconfig) AS setting
                WHERE starts_with(setting, 'search_path=')
            ), 'none')
            FROM pg_proc AS function
            WHERE function.pronamespace = 'public'::regnamespace
                AND (function.prosecdef OR function.prorettype = 'trigger'::regtype)
            """);

        Assert.Contains(functions, function => function.Name == "ledger_entries_must_balance");
        Assert.All(functions, function => Assert.Equal((function.Name, Rule), function));
    }

    [Fact]
    public async Task A_migration_that_was_edited_after_its_release_is_refused()
    {
        await MigrateAsync();
        await using var edit = _superuser.CreateCommand(@"UPDATE schema_migrations SET hash = '\x00' WHERE number = 2");
        await edit.ExecuteNonQueryAsync(Cancel);

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(MigrateAsync);

        Assert.Contains("0002_ledger", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused()
    {
        await MigrateAsync();
        await using var add = _superuser.CreateCommand(
            @"INSERT INTO schema_migrations (number, name, hash) VALUES (9999, 'next', '\x00')");
        await add.ExecuteNonQueryAsync(Cancel);

        await Assert.ThrowsAsync<InvalidOperationException>(MigrateAsync);
    }

    private Task MigrateAsync() =>
        new Migrator(_superuser, TestServer.AppPassword, NullLogger<Migrator>.Instance).MigrateAsync(Cancel);

    private async Task<IReadOnlyList<T>> QueryAsync<T>(string sql)
    {
        await using var connection = await _superuser.OpenConnectionAsync(Cancel);
        return [.. await connection.QueryAsync<T>(sql)];
    }
}
