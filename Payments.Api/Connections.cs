using Npgsql;
using Payments.Ledger;

namespace Payments.Api;

/// <summary>How the process connects to the database.</summary>
internal static class Connections
{
    private const string Name = "payments";

    /// <summary>
    /// Creating takes one whatever the load; the rest serve all but the most frequent reads. With those of
    /// <see cref="ReadSessions"/> they are thirty: Npgsql's default of 100 is all that a server with default settings
    /// has for everybody.
    /// </summary>
    private const int Most = 20;

    // A setting that names no limit leaves it at the default.
    private static readonly int Unlimited = new NpgsqlConnectionStringBuilder().MaxPoolSize;

    /// <summary>Limits the pools unless the connection string does, and keeps idle duties out of the traces.</summary>
    public static void AddConnections(this IHostApplicationBuilder builder)
    {
        builder.AddNpgsqlDataSource(Name, configureDataSourceBuilder: source =>
        {
            source.TraceOnlyWithinTraces();
            if (source.ConnectionStringBuilder.MaxPoolSize == Unlimited)
            {
                source.ConnectionStringBuilder.MaxPoolSize = Most;
            }
        });
        builder.Services.AddSingleton(provider => ReadSessions.Create(
            builder.Configuration.GetConnectionString(Name) ?? "",
            source =>
            {
                source.UseLoggerFactory(provider.GetRequiredService<ILoggerFactory>());
                source.TraceOnlyWithinTraces();
            }));
    }
}
