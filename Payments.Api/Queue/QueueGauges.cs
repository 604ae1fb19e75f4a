using System.Diagnostics.Metrics;
using Npgsql;

namespace Payments.Api.Queue;

/// <summary>
/// The queue as an alarm needs it: how many jobs wait, and how long the oldest has waited. The API tells it and not the
/// workers, who are silent just when nobody takes anything from the queue.
/// </summary>
internal sealed class QueueGauges : DatabaseGauges
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Payments.Api.Queue";

    // As often as it is scraped: counting reads every open job.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private readonly NpgsqlDataSource _database;
    private readonly Meter _meter = new(Name);

    private volatile JobCounts? _counts;

    public QueueGauges(NpgsqlDataSource database, TimeProvider clock, ILogger<QueueGauges> logger)
        : base(Interval, clock, logger)
    {
        _database = database;
        _meter.CreateObservableGauge("recon.queue.depth", Depths, "{job}", "Jobs by what may happen to them next");
        _meter.CreateObservableGauge(
            "recon.queue.oldest_ready_age", OldestAges, "s", "How long the oldest job has been due that nobody took");
    }

    public override async Task RefreshAsync(CancellationToken cancel)
    {
        await using var connection = await _database.OpenConnectionAsync(cancel);
        _counts = await CountQueue.CountJobsAsync(connection, cancel);
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    protected override void Forget() => _counts = null;

    private IEnumerable<Measurement<long>> Depths() => _counts is not { } counts ? [] :
    [
        Depth("ready", counts.Ready),
        Depth("in_flight", counts.InFlight),
        Depth("delayed", counts.Delayed),
        Depth("dead", counts.Dead),
    ];

    private IEnumerable<Measurement<double>> OldestAges() =>
        _counts is { } counts ? [new Measurement<double>(counts.OldestReadyAgeSeconds ?? 0)] : [];

    private static Measurement<long> Depth(string state, long jobs) =>
        new(jobs, new KeyValuePair<string, object?>("state", state));
}
