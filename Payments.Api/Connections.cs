using Npgsql;
using Payments.Ledger;

namespace Payments.Api;

/// <summary>How the process connects to the database.</summary>
internal static class Connections
{
    /// <summary>
    /// Creating takes one whatever the load; the rest serve reads. Npgsql's default of 100 is all that a server with
    /// default settings has for everybody.
    /// </summary>
    private const int Most = 30;

    // A setting that names no limit leaves it at the default.
    private static readonly int Unlimited = new NpgsqlConnectionStringBuilder().MaxPoolSize;

    /// <summary>Limits the pool unless the connection string does, and keeps idle duties out of the traces.</summary>
    public static void Configure(NpgsqlDataSourceBuilder source)
    {
        source.TraceOnlyWithinTraces();
        if (source.ConnectionStringBuilder.MaxPoolSize == Unlimited)
        {
            source.ConnectionStringBuilder.MaxPoolSize = Most;
        }
    }
}
