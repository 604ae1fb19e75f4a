using System.Diagnostics;
using System.Threading.Channels;
using OpenTelemetry;

namespace Payments.ServiceDefaults.Tests;

/// <summary>The spans that would be exported, in the order in which they ended.</summary>
internal sealed class CapturedSpans : BaseProcessor<Activity>
{
    private readonly Channel<Activity> _ended = Channel.CreateUnbounded<Activity>();

    public override void OnEnd(Activity data)
    {
        if (data.Recorded)
        {
            _ended.Writer.TryWrite(data);
        }
    }

    public async Task<Activity> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        return await _ended.Reader.ReadAsync(limit.Token);
    }

    /// <summary>How many have ended and were not taken.</summary>
    public int Waiting => _ended.Reader.Count;
}
