using System.Text.Json.Serialization;

namespace Payments.Providers.Disturbances;

/// <summary>How a broken provider fails.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Breakage>))]
internal enum Breakage
{
    /// <summary>Answers 503.</summary>
    [JsonStringEnumMemberName("error")]
    Error,

    /// <summary>Takes the request and never answers.</summary>
    [JsonStringEnumMemberName("timeout")]
    Timeout,

    /// <summary>Answers 429 and asks to wait.</summary>
    [JsonStringEnumMemberName("rate_limit")]
    RateLimit,

    /// <summary>Begins its answer and breaks off.</summary>
    [JsonStringEnumMemberName("truncated")]
    Truncated,
}

/// <summary>What is wrong with one provider; a new one has nothing wrong with it.</summary>
internal sealed class Disturbance
{
    private readonly Lock _lock = new();

    private decimal _shift;
    private Breakage? _broken;
    private Holdings? _delayed;

    public decimal Shift => Read(() => _shift);

    public Breakage? Broken => Read(() => _broken);

    /// <summary>What the provider goes on telling since it is delayed; null when it is not.</summary>
    public Holdings? Delayed => Read(() => _delayed);

    public void ShiftBy(decimal amount)
    {
        lock (_lock)
        {
            _shift += amount;
        }
    }

    public void Break(Breakage how)
    {
        lock (_lock)
        {
            _broken = how;
        }
    }

    /// <summary>From now on the provider tells what it holds at this moment; a second delay changes nothing.</summary>
    public void Delay(Holdings now)
    {
        lock (_lock)
        {
            _delayed ??= now;
        }
    }

    public void Heal()
    {
        lock (_lock)
        {
            (_shift, _broken, _delayed) = (0, null, null);
        }
    }

    private T Read<T>(Func<T> read)
    {
        lock (_lock)
        {
            return read();
        }
    }
}
