using System.Data;
using System.Diagnostics;
using Dapper;
using Npgsql;

namespace Payments.Ledger;

/// <summary>
/// What all processes agree on when they talk to the database: channels, what is traced and logged, how many sessions a
/// pool opens, and how rows become records, for which every process and test calls <see cref="Configure"/> once.
/// </summary>
public static class Database
{
    // A setting that names no limit leaves it at the default.
    private static readonly int Unlimited = new NpgsqlConnectionStringBuilder().MaxPoolSize;

    /// <summary>Channel of the wake-up for workers, sent once per commit batch and process.</summary>
    public const string JobsChannel = "recon_jobs";

    /// <summary>Channel that tells live screens that payments were settled; the API relays it as an event.</summary>
    public const string ChangesChannel = "payments_changed";

    /// <summary>Channel that tells workers that the queue, or one of them, was paused or resumed.</summary>
    public const string QueueControlChannel = "queue_control";

    /// <summary>
    /// Channel that tells live screens that a run, a check or an exception of reconciliation was written: the tables
    /// say it themselves.
    /// </summary>
    public const string ReconciliationChannel = "reconciliation_changed";

    /// <summary>
    /// Makes the driver's spans parts of traces only: a poll, a heartbeat or a notification that belongs to no request
    /// and no batch is not a trace of its own.
    /// </summary>
    public static void TraceOnlyWithinTraces(this NpgsqlDataSourceBuilder source) => source.ConfigureTracing(
        tracing => tracing
            .ConfigureCommandFilter(_ => Activity.Current is not null)
            .ConfigureBatchFilter(_ => Activity.Current is not null)
            .ConfigureCopyOperationFilter(_ => Activity.Current is not null)
            .EnablePhysicalOpenTracing(false));

    /// <summary>
    /// Opens <paramref name="most"/> sessions at the most, unless the connection string names another limit. Npgsql's
    /// own is all that a server with default settings has for everybody.
    /// </summary>
    public static void LimitPool(this NpgsqlDataSourceBuilder source, int most)
    {
        if (source.ConnectionStringBuilder.MaxPoolSize == Unlimited)
        {
            source.ConnectionStringBuilder.MaxPoolSize = most;
        }
    }

    /// <summary>
    /// What a loop logs beside its message, when it goes on whatever it ran into: nothing of a database that is away,
    /// which the message tells, and all that is known of any other fault.
    /// </summary>
    public static Exception? TraceOf(Exception error) =>
        error is NpgsqlException { IsTransient: true } or TimeoutException ? null : error;

    public static void Configure()
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset));
        SqlMapper.AddTypeHandler(new UtcTimestamps());
    }

    // timestamptz arrives as DateTime of kind UTC, and Npgsql takes an offset of zero only.
    private sealed class UtcTimestamps : SqlMapper.TypeHandler<DateTimeOffset>
    {
        public override DateTimeOffset Parse(object value) => value switch
        {
            DateTime time => new DateTimeOffset(time, TimeSpan.Zero),
            DateTimeOffset time => time,
            _ => throw new DataException($"A timestamp cannot be read from {value.GetType()}."),
        };

        public override void SetValue(IDbDataParameter parameter, DateTimeOffset value)
        {
            ((NpgsqlParameter)parameter).NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz;
            parameter.Value = value.UtcDateTime;
        }
    }
}
