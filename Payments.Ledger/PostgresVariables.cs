using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Payments.Ledger;

/// <summary>The variables that PostgreSQL's own programs read, as a connection string for our services.</summary>
public static class PostgresVariables
{
    /// <summary>
    /// Builds <c>ConnectionStrings:{name}</c> from PGHOST, PGPORT, PGDATABASE, PGUSER and PGPASSWORD (defaults
    /// localhost, 5432, payments, postgres, postgres) when none is configured and PGHOST is set.
    /// </summary>
    public static void AddPostgresVariables(this IConfigurationManager configuration, string name)
    {
        if (configuration.GetConnectionString(name) is not null || configuration["PGHOST"] is not { Length: > 0 } host)
        {
            return;
        }

        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = host,
            Port = configuration.GetValue("PGPORT", 5432),
            Database = configuration["PGDATABASE"] ?? "payments",
            Username = configuration["PGUSER"] ?? "postgres",
            Password = configuration["PGPASSWORD"] ?? "postgres",
        };
        configuration.AddInMemoryCollection([new($"ConnectionStrings:{name}", connection.ConnectionString)]);
    }
}
