using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Payments.Ledger.Tests;

public sealed class PostgresVariablesTests
{
    [Fact]
    public void Each_variable_of_postgresql_s_own_programs_has_its_place_in_the_connection_string()
    {
        var connection = Read(
            ("PGHOST", "db.example"), ("PGPORT", "6543"), ("PGDATABASE", "books"), ("PGUSER", "clerk"),
            ("PGPASSWORD", "se;cret=1"));

        Assert.Equal(
            ("db.example", 6543, "books", "clerk", "se;cret=1"),
            (connection.Host, connection.Port, connection.Database, connection.Username, connection.Password));
    }

    [Fact]
    public void A_host_alone_means_the_development_database_on_it()
    {
        var connection = Read(("PGHOST", "localhost"));

        Assert.Equal(
            ("localhost", 5432, "payments", "postgres", "postgres"),
            (connection.Host, connection.Port, connection.Database, connection.Username, connection.Password));
    }

    [Theory]
    [InlineData("PGPORT", "6543")]
    [InlineData("PGHOST", "")]
    public void Without_a_host_no_connection_string_is_made_up(string name, string value) =>
        Assert.Null(Configure((name, value)).GetConnectionString("payments"));

    [Fact]
    public void A_connection_string_that_is_configured_wins() => Assert.Equal(
        "Host=configured",
        Configure(("PGHOST", "localhost"), ("ConnectionStrings:payments", "Host=configured"))
            .GetConnectionString("payments"));

    [Fact]
    public void A_port_that_is_no_number_is_refused_by_name()
    {
        var error = Assert.Throws<InvalidOperationException>(
            () => Configure(("PGHOST", "localhost"), ("PGPORT", "first")));

        Assert.Contains("PGPORT", error.Message, StringComparison.Ordinal);
    }

    private static NpgsqlConnectionStringBuilder Read(params (string Name, string Value)[] variables) =>
        new(Configure(variables).GetConnectionString("payments"));

    private static ConfigurationManager Configure(params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(
            settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)));
        configuration.AddPostgresVariables("payments");
        return configuration;
    }
}
