using System.Diagnostics.Metrics;
using Recon.Worker.Reconciliation;

namespace Recon.Worker.Tests.Reconciliation;

/// <summary>What reconciliation measures from now on in this process.</summary>
internal sealed class Metrics : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, List<double>> _seen = new(StringComparer.Ordinal);

    public Metrics()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == ReconciliationTelemetry.Name)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>The sum of a counter, or the last value of a gauge.</summary>
    public double Of(string name, params string[] tags)
    {
        lock (_seen)
        {
            var values = _seen.GetValueOrDefault(Key(name, tags), []);
            return name == "reconciliation_discrepancy_amount" ? values[^1] : values.Sum();
        }
    }

    public int Count(string name, params string[] tags)
    {
        lock (_seen)
        {
            return _seen.GetValueOrDefault(Key(name, tags), []).Count;
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = Key(instrument.Name, [.. tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}")]);
        lock (_seen)
        {
            if (!_seen.TryGetValue(key, out var values))
            {
                _seen.Add(key, values = []);
            }

            values.Add(value);
        }
    }

    private static string Key(string name, string[] tags) => name + " " + string.Join(' ', tags);
}
