using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Payments.ServiceDefaults.Metrics;

/// <summary>The families of one scrape, in the text format 0.0.4: by name, and their series by labels.</summary>
/// <remarks>
/// Instruments of two meters that get the same name are one family whose series tell the meter apart by
/// <c>otel_scope_name</c>; if their types differ, the later one is left out, for a family has one type.
/// Exponential histograms have no form in this format and are left out.
/// </remarks>
internal sealed class PrometheusFamilies
{
    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);

    public void Add(Metric metric)
    {
        var type = TypeOf(metric.MetricType);
        if (type is null)
        {
            return;
        }

        var name = PrometheusName.OfMetric(metric.Name, metric.Unit, type == "counter");
        if (!_families.TryGetValue(name, out var family))
        {
            _families.Add(name, family = new Family(type, metric.Description));
        }

        if (family.Type == type)
        {
            family.Metrics.Add(metric);
        }
    }

    public string Render()
    {
        var text = new StringBuilder();

        foreach (var (name, family) in _families)
        {
            if (family.Description.Length > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {EscapeHelp(family.Description)}\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {family.Type}\n");

            foreach (var lines in SeriesOf(name, family).Values)
            {
                text.Append(lines);
            }
        }

        return text.ToString();
    }

    private static SortedDictionary<string, string> SeriesOf(string name, Family family)
    {
        var series = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var tellsMeters = family.Metrics.Exists(metric => metric.MeterName != family.Metrics[0].MeterName);

        foreach (var metric in family.Metrics)
        {
            foreach (ref readonly var point in metric.GetMetricPoints())
            {
                var labels = Labels(point.Tags, tellsMeters ? metric.MeterName : null);
                series[labels] = Lines(name, labels, metric.MetricType, point);
            }
        }

        return series;
    }

    private static string Lines(string name, string labels, MetricType type, in MetricPoint point) => type switch
    {
        MetricType.LongSum or MetricType.LongSumNonMonotonic => Line(name, labels, point.GetSumLong()),
        MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => Line(name, labels, point.GetSumDouble()),
        MetricType.LongGauge => Line(name, labels, point.GetGaugeLastValueLong()),
        MetricType.DoubleGauge => Line(name, labels, point.GetGaugeLastValueDouble()),
        _ => HistogramLines(name, labels, point),
    };

    private static string HistogramLines(string name, string labels, in MetricPoint point)
    {
        var text = new StringBuilder();
        var separator = labels.Length > 0 ? "," : "";
        var cumulative = 0L;

        foreach (var bucket in point.GetHistogramBuckets())
        {
            cumulative += bucket.BucketCount;
            var bound = $"{labels}{separator}le=\"{Number(bucket.ExplicitBound)}\"";
            text.Append(Line($"{name}_bucket", bound, cumulative));
        }

        text.Append(Line($"{name}_sum", labels, point.GetHistogramSum()));
        text.Append(Line($"{name}_count", labels, point.GetHistogramCount()));
        return text.ToString();
    }

    private static string Line(string name, string labels, double value) =>
        labels.Length == 0 ? $"{name} {Number(value)}\n" : $"{name}{{{labels}}} {Number(value)}\n";

    private static string Line(string name, string labels, long value)
    {
        var number = value.ToString(CultureInfo.InvariantCulture);
        return labels.Length == 0 ? $"{name} {number}\n" : $"{name}{{{labels}}} {number}\n";
    }

    // Attributes whose names become the same label share it, their values joined.
    private static string Labels(ReadOnlyTagCollection tags, string? meter)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);

        foreach (var (key, value) in tags)
        {
            var name = PrometheusName.OfLabel(key);
            var text = Value(value);
            labels[name] = labels.TryGetValue(name, out var other) ? $"{other};{text}" : text;
        }

        if (meter is not null)
        {
            labels["otel_scope_name"] = meter;
        }

        return string.Join(',', labels.Select(label => $"{label.Key}=\"{EscapeLabel(label.Value)}\""));
    }

    private static string Value(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static string EscapeHelp(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string EscapeLabel(string text) =>
        EscapeHelp(text).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string? TypeOf(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => "counter",
        MetricType.LongGauge or MetricType.DoubleGauge => "gauge",
        MetricType.LongSumNonMonotonic or MetricType.DoubleSumNonMonotonic => "gauge",
        MetricType.Histogram => "histogram",
        _ => null,
    };

    private sealed record Family(string Type, string Description)
    {
        public List<Metric> Metrics { get; } = [];
    }
}
