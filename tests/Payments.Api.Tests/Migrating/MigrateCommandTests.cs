using Dapper;
using Npgsql;
using Payments.Api.Keys;
using Payments.Api.Migrating;
using Payments.Ledger.Migrations;

namespace Payments.Api.Tests.Migrating;

public sealed class MigrateCommandTests : IAsyncLifetime
{
    private string _name = "";
    private string _superuser = "";

    public async ValueTask InitializeAsync()
    {
        _name = await TestServer.CreateEmptyAsync();
        _superuser = (await TestServer.ConnectionStringAsync(_name)).ConnectionString;
    }

    public async ValueTask DisposeAsync() => await TestServer.DropAsync(_name);

    [Fact]
    public async Task An_empty_database_gets_the_schema_and_in_development_the_developer_keys()
    {
        Assert.Equal(0, await RunAsync("Development"));
        Assert.Equal(0, await RunAsync("Development"));

        Assert.Equal(Migrator.Version, await ScalarAsync<int>("SELECT count(*) FROM schema_migrations"));
        Assert.Equal(
            "developer,reviewer",
            await ScalarAsync<string>("SELECT string_agg(name, ',' ORDER BY name) FROM key_owners"));
        Assert.Equal(2, await ScalarAsync<int>("SELECT count(*) FROM api_keys"));

        var app = new NpgsqlConnectionStringBuilder(_superuser)
        {
            Username = Migrator.AppRole,
            Password = TestServer.AppPassword,
            Pooling = false,
        };
        await using var api = ApiServer.Start(app.ConnectionString, "Development");
        using var developer = api.CreateClient(DeveloperKeys.Demo);
        await developer.PayAsync("ACC-001", 100);
    }

    [Fact]
    public async Task Elsewhere_no_key_is_seeded()
    {
        Assert.Equal(0, await RunAsync("Production"));

        Assert.Equal(0, await ScalarAsync<int>("SELECT count(*) FROM api_keys"));
    }

    [Fact]
    public async Task A_missing_setting_ends_it_with_1()
    {
        Assert.Equal(1, await MigrateCommand.RunAsync(["migrate", $"--ConnectionStrings:payments={_superuser}"]));
        Assert.Equal(1, await MigrateCommand.RunAsync(["migrate", "--Database:AppPassword=test"]));
    }

    private Task<int> RunAsync(string environment) => MigrateCommand.RunAsync(
    [
        "migrate", $"--environment={environment}", $"--ConnectionStrings:payments={_superuser};Pooling=false",
        $"--Database:AppPassword={TestServer.AppPassword}",
    ]);

    private async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(_superuser + ";Pooling=false");
        return (await connection.ExecuteScalarAsync<T>(sql))!;
    }
}
