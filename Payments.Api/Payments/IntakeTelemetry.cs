using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Payments.Api.Payments;

/// <summary>What the intake tells about itself, once per batch.</summary>
internal static class IntakeTelemetry
{
    /// <summary>Name of the activity source and the meter.</summary>
    public const string Name = "Payments.Api";

    // A span with thousands of links helps nobody.
    private const int MostLinks = 100;

    private static readonly double[] Seconds =
        [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private static readonly long[] Sizes = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000];

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    private static readonly Histogram<long> BatchSize = Meter.CreateHistogram(
        "payments.intake.batch.size", "{payment}", "Payments committed by one transaction",
        advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = Sizes });

    private static readonly Histogram<double> BatchDuration = Meter.CreateHistogram(
        "payments.intake.batch.duration", "s", "From the start of a batch to the answer of its commit",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds });

    /// <summary>
    /// The span of a batch, when a request in it is recorded: a child of the first, linked to the others. Otherwise an
    /// activity that is not recorded, so that the statements of the batch do not start traces of their own.
    /// </summary>
    public static Activity? StartBatch(IReadOnlyList<IntakeItem> items)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var parent = default(ActivityContext);
        List<ActivityLink>? links = null;
        foreach (var item in items)
        {
            if (item.Payment.Traceparent is not { } traceparent)
            {
                continue;
            }

            var context = ActivityContext.Parse(traceparent, null);
            if (parent == default)
            {
                parent = context;
                continue;
            }

            links ??= [];
            links.Add(new ActivityLink(context));
            if (links.Count == MostLinks)
            {
                break;
            }
        }

        if (parent == default)
        {
            return new Activity("commit batch").Start();
        }

        var activity = Source.StartActivity(ActivityKind.Internal, parent, links: links, name: "commit batch");
        return activity?.SetTag("payments.batch.size", items.Count);
    }

    public static void Committed(int payments, TimeSpan duration)
    {
        BatchSize.Record(payments);
        BatchDuration.Record(duration.TotalSeconds);
    }
}
