using Payments.Ledger;

namespace Payments.Api;

/// <summary>How the process connects to the database.</summary>
internal static class Connections
{
    private const string Name = "payments";

    /// <summary>
    /// Creating takes one whatever the load; the rest serve all but the most frequent reads. With those of
    /// <see cref="ReadSessions"/> they are thirty.
    /// </summary>
    private const int Most = 20;

    /// <summary>Limits the pools unless the connection string does, and keeps idle duties out of the traces.</summary>
    public static void AddConnections(this IHostApplicationBuilder builder)
    {
        builder.AddNpgsqlDataSource(Name, configureDataSourceBuilder: source =>
        {
            source.TraceOnlyWithinTraces();
            source.LimitPool(Most);
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
