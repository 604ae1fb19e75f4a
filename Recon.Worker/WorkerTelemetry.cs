using System.Diagnostics;
using System.Diagnostics.Metrics;
using Recon.Worker.Jobs;
using Recon.Worker.Refunds;
using Recon.Worker.Settlements;

namespace Recon.Worker;

/// <summary>
/// What the worker tells about its work. A payment's trace is its request, then <c>queue wait</c>, then <c>settle</c>,
/// which links to the trace of the batch; that one holds the SKIP LOCKED claim and the settlement. Spans of a payment
/// are made when its request was sampled, and an idle look at the queue makes none.
/// </summary>
internal sealed class WorkerTelemetry(TimeProvider clock, ILogger<WorkerTelemetry> logger) : IDisposable
{
    public const string SourceName = "Recon.Worker";

    // From a worker that waited for the job to a queue that stood still; with the half minute that an alarm asks for.
    private static readonly double[] Seconds =
        [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];

    private static readonly long[] Sizes = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000];

    private static readonly ActivitySource Source = new(SourceName);

    private readonly Instruments _instruments = new(new Meter(SourceName));

    /// <summary>The trace of one batch, with its claim; to be disposed when the batch is done with.</summary>
    public Activity? Claimed(Claim claim)
    {
        var (asked, answered) = (TimeOf(claim.AskedAt), TimeOf(claim.AnsweredAt));
        var oldest = claim.Jobs.Min(job => job.CreatedAt);
        var lag = answered.UtcDateTime - oldest;
        _instruments.Claimed.Add(claim.Jobs.Count);
        _instruments.BatchSize.Record(claim.Jobs.Count);
        _instruments.Lag.Record(lag.TotalSeconds);

        // Sampled with any payment in it, since that one's span will link here.
        KeyValuePair<string, object?>[] tags = [new("trace.keep", claim.Jobs.Any(job => job.Traceparent is not null))];
        var batch = Source.StartActivity(
            "settle batch", ActivityKind.Consumer, default(ActivityContext), tags, startTime: asked);
        if (batch is null)
        {
            return null;
        }

        using var span = Source.StartActivity(
            "claim (SKIP LOCKED)", ActivityKind.Client, batch.Context, startTime: asked);
        span?.SetTag("db.system.name", "postgresql")
            .SetTag("db.operation.name", "SELECT FOR UPDATE SKIP LOCKED")
            .SetTag("db.collection.name", "recon_jobs")
            .SetTag("recon.batch.size", claim.Jobs.Count)
            .SetTag("recon.divisions", string.Join(' ', claim.Jobs.Select(job => job.Division).Distinct()))
            .SetTag("recon.lag_seconds", lag.TotalSeconds)
            .SetTag("recon.lease", claim.Lease)
            .SetEndTime(answered.UtcDateTime);
        batch.SetTag("recon.batch.size", claim.Jobs.Count).SetTag("recon.lease", claim.Lease);
        return batch;
    }

    /// <summary>The span of one settlement transaction within the batch's trace.</summary>
    public static Activity? StartSettlement(int jobs) =>
        Activity.Current is null ? null : Source.StartActivity("settlement")?.SetTag("recon.batch.size", jobs);

    /// <summary>Counts what was committed, and closes the traces of the payments that were sampled.</summary>
    public void Settled(IReadOnlyList<ClaimedJob> jobs, SettledBatch batch, DateTimeOffset started)
    {
        var ended = clock.GetUtcNow();
        foreach (var (key, count) in jobs.Zip(batch.Settlements).CountBy(
            pair => (IsRefund: RefundsOfBatch.IsRefund(pair.First), pair.Second.Status)))
        {
            var counter = key.IsRefund ? _instruments.RefundsSettled : _instruments.Settled;
            counter.Add(count, new KeyValuePair<string, object?>("status", key.Status));
        }

        // The batch's own context, which each payment's span links to; parents are given, not taken from here.
        var current = Activity.Current;
        Activity.Current = null;
        try
        {
            foreach (var (job, settlement) in jobs.Zip(batch.Settlements))
            {
                if (ActivityContext.TryParse(job.Traceparent, traceState: null, isRemote: true, out var request))
                {
                    Trace(job, settlement, request, current, started, ended);
                }
            }
        }
        finally
        {
            Activity.Current = current;
        }
    }

    /// <summary>Counts a job that failed alone.</summary>
    /// <returns>
    /// The failed <c>settle</c> span of the payment's trace, if that was sampled: what is logged within it is found
    /// there. To be disposed.
    /// </returns>
    public Activity? Failed(ClaimedJob job, Exception error, DateTimeOffset started)
    {
        _instruments.Failed.Add(1, KindOf(job.Kind));
        if (!ActivityContext.TryParse(job.Traceparent, traceState: null, isRemote: true, out var request))
        {
            return null;
        }

        ActivityLink[] links = Activity.Current is { } batch ? [new ActivityLink(batch.Context)] : [];
        return Source.StartActivity("settle", ActivityKind.Consumer, request, links: links, startTime: started)
            ?.SetTag("payment.id", job.PaymentId)
            .AddException(error)
            .SetStatus(ActivityStatusCode.Error, error.Message);
    }

    public void Buried(ClaimedJob job) => _instruments.Dead.Add(1, KindOf(job.Kind));

    /// <summary>
    /// Makes the series of the alarm on dead letters known, at zero: on a counter that begins with its first event it
    /// would not see that one. To be called once the process is up: before that nobody counts.
    /// </summary>
    public void BeginAtZero()
    {
        foreach (var kind in (string[])["payment", "transfer", "refund"])
        {
            _instruments.Dead.Add(0, KindOf(kind));
        }
    }

    public void LeaseLost(int jobs) => _instruments.LeaseLost.Add(jobs);

    public void Dispose() => _instruments.Dispose();

    private void Trace(
        ClaimedJob job,
        Settlement settlement,
        ActivityContext request,
        Activity? batch,
        DateTimeOffset started,
        DateTimeOffset ended)
    {
        var queued = new DateTimeOffset(job.CreatedAt);
        using (var wait = Source.StartActivity("queue wait", ActivityKind.Internal, request, startTime: queued))
        {
            wait?.SetTag("payment.id", job.PaymentId)
                .SetTag("recon.division", job.Division)
                .SetEndTime(Latest(started.UtcDateTime, job.CreatedAt));
        }

        ActivityLink[] links = batch is null ? [] : [new ActivityLink(batch.Context)];
        using var settle = Source.StartActivity(
            "settle", ActivityKind.Consumer, request, links: links, startTime: started);
        settle?.SetTag("payment.id", job.PaymentId)
            .SetTag("recon.rule", settlement.Rule)
            .SetEndTime(ended.UtcDateTime);
        if (RefundsOfBatch.IsRefund(job))
        {
            settle?.SetTag("refund.id", job.Id).SetTag("refund.status", settlement.Status);
            logger.LogInformation(
                "Refund {RefundId} of payment {PaymentId} settled: {Status}", job.Id, job.PaymentId, settlement.Status);
            return;
        }

        settle?.SetTag("payment.status", settlement.Status);
        logger.LogInformation("Payment {PaymentId} settled: {Status}", job.PaymentId, settlement.Status);
    }

    private DateTimeOffset TimeOf(long timestamp) => clock.GetUtcNow() - clock.GetElapsedTime(timestamp);

    private static KeyValuePair<string, object?> KindOf(string kind) => new("kind", kind);

    private static DateTime Latest(DateTime one, DateTime other) => one > other ? one : other;

    private sealed class Instruments(Meter meter) : IDisposable
    {
        public Counter<long> Claimed { get; } =
            meter.CreateCounter<long>("recon.jobs.claimed", "{job}", "Jobs claimed from the queue");

        public Counter<long> Settled { get; } =
            meter.CreateCounter<long>("recon.payments.settled", "{payment}", "Payments settled, by their final status");

        public Counter<long> RefundsSettled { get; } =
            meter.CreateCounter<long>("recon.refunds.settled", "{refund}", "Refunds settled, by their final status");

        public Counter<long> Failed { get; } =
            meter.CreateCounter<long>("recon.jobs.failed", "{job}", "Failures of jobs that ran alone");

        public Counter<long> Dead { get; } =
            meter.CreateCounter<long>("recon.jobs.dead", "{job}", "Jobs that went to the dead letters");

        public Counter<long> LeaseLost { get; } =
            meter.CreateCounter<long>(
                "recon.leases.lost", "{job}", "Jobs whose lease was lost before their effect was committed");

        public Histogram<long> BatchSize { get; } =
            meter.CreateHistogram(
                "recon.batch.size", "{job}", "Jobs in one claim",
                advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = Sizes });

        public Histogram<double> Lag { get; } =
            meter.CreateHistogram(
                "recon.queue.lag", "s", "Age of the oldest job of a claim",
                advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds });

        public void Dispose() => meter.Dispose();
    }
}
