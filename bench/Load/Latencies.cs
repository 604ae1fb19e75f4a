using System.Runtime.InteropServices;

namespace Payments.Bench.Load;

/// <summary>Every latency that was seen, in microseconds; none is sampled or rounded into a bucket.</summary>
internal sealed class Latencies
{
    private readonly List<int> _microseconds = new(1 << 16);
    private bool _sorted;

    public int Count => _microseconds.Count;

    public void Add(TimeSpan latency)
    {
        _microseconds.Add((int)Math.Clamp(latency.TotalMicroseconds, 0, int.MaxValue));
        _sorted = false;
    }

    public void Add(Latencies others)
    {
        _microseconds.AddRange(others._microseconds);
        _sorted = false;
    }

    /// <summary>Milliseconds within which this share of the requests was answered, 0 to 1.</summary>
    /// <exception cref="InvalidOperationException">There are none.</exception>
    public double Percentile(double share)
    {
        if (_microseconds.Count == 0)
        {
            throw new InvalidOperationException("There is no latency to look at.");
        }

        if (!_sorted)
        {
            CollectionsMarshal.AsSpan(_microseconds).Sort();
            _sorted = true;
        }

        var place = (int)Math.Ceiling(share * _microseconds.Count) - 1;
        return _microseconds[Math.Clamp(place, 0, _microseconds.Count - 1)] / 1000.0;
    }
}
