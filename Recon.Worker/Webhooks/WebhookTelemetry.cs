using System.Diagnostics.Metrics;

namespace Recon.Worker.Webhooks;

/// <summary>What the worker tells about the delivery of webhooks.</summary>
internal sealed class WebhookTelemetry : IDisposable
{
    private readonly Meter _meter = new(WorkerTelemetry.SourceName);
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _disabled;

    public WebhookTelemetry()
    {
        _attempts = _meter.CreateCounter<long>(
            "recon.webhook.attempts", "{attempt}", "Attempts to deliver, by what the delivery was after them");
        _disabled = _meter.CreateCounter<long>(
            "recon.webhook.targets.disabled", "{target}", "Targets disabled because nothing reached them");
    }

    public void Attempted(string status, bool disabled)
    {
        _attempts.Add(1, new KeyValuePair<string, object?>("status", status));
        if (disabled)
        {
            _disabled.Add(1);
        }
    }

    public void Dispose() => _meter.Dispose();
}
