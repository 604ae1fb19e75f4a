using Npgsql;

namespace Payments.Api;

/// <summary>How many connections to the database one process may open.</summary>
internal static class Connections
{
    /// <summary>
    /// Creating takes one whatever the load; the rest serve reads. Npgsql's default of 100 is all that a server with
    /// default settings has for everybody.
    /// </summary>
    private const int Most = 30;

    // A setting that names no limit leaves it at the default.
    private static readonly int Unlimited = new NpgsqlConnectionStringBuilder().MaxPoolSize;

    /// <summary>Limits the pool unless the connection string does.</summary>
    public static void Limit(NpgsqlDataSourceBuilder source)
    {
        if (source.ConnectionStringBuilder.MaxPoolSize == Unlimited)
        {
            source.ConnectionStringBuilder.MaxPoolSize = Most;
        }
    }
}
