using Npgsql;
using Payments.Ledger;

namespace Recon.Worker;

/// <summary>How the process connects to the database for what has to do with the queue.</summary>
internal static class Connections
{
    /// <summary>
    /// The key of the pool that settlement has to itself. A pool hands out the session that has rested longest, so one
    /// that is shared with whatever else a worker does sends each batch to another process of the server. Here is one
    /// session, and a batch finds plans and caches in use; one more is opened where the next batch is begun ahead.
    /// </summary>
    public const string Settlement = "settlement";

    private const string Name = "payments";

    /// <summary>
    /// One each for what has to do with the queue but does not settle: beating, listening, saying, sealing, forgetting,
    /// health. With settlement's and those of <see cref="Duties.DutySessions"/> they are 24.
    /// </summary>
    private const int Most = 10;

    // Twice what is ever in use: a batch has one at a time, and so has the next one that is begun ahead of it.
    private const int MostForSettlement = 4;

    public static void AddConnections(this IHostApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var options = configuration.GetSection(WorkerOptions.Section).Get<WorkerOptions>() ?? new WorkerOptions();
        builder.AddNpgsqlDataSource(Name, configureDataSourceBuilder: source =>
        {
            Configure(source);
            source.LimitPool(Most);
        });
        builder.Services.AddKeyedSingleton(Settlement, (provider, _) =>
        {
            var source = new NpgsqlDataSourceBuilder(configuration.GetConnectionString(Name));
            // Metrics tell pools apart by name, which is the connection string unless there is another.
            source.Name = Settlement;
            source.UseLoggerFactory(provider.GetRequiredService<ILoggerFactory>());
            Configure(source);
            source.ConnectionStringBuilder.MaxPoolSize = MostForSettlement;
            return source.Build();
        });

        void Configure(NpgsqlDataSourceBuilder source)
        {
            options.ApplyTo(source.ConnectionStringBuilder);
            // With the process, so that an operator who sees a lock or a session knows whose it is.
            source.ConnectionStringBuilder.ApplicationName =
                FormattableString.Invariant($"{WorkerTelemetry.SourceName} {Environment.ProcessId}");
            source.TraceOnlyWithinTraces();
        }
    }
}
