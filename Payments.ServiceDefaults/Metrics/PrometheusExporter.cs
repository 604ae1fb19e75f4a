using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Payments.ServiceDefaults.Metrics;

/// <summary>Collects the metrics of this process when asked, and renders them as Prometheus text.</summary>
/// <remarks>One scrape at a time; the next ones wait, as the SDK collects for one reader at a time.</remarks>
[ExportModes(ExportModes.Pull)]
internal sealed class PrometheusExporter : BaseExporter<Metric>, IPullMetricExporter
{
    private static readonly TimeSpan CollectTimeout = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private string _text = "";

    /// <summary>Set by the reader that this exporter is given to.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <exception cref="InvalidOperationException">An instrument's callback failed or took too long.</exception>
    public async Task<string> RenderAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);

        try
        {
            _text = "";
            return Collect?.Invoke((int)CollectTimeout.TotalMilliseconds) == false
                ? throw new InvalidOperationException("The metrics could not be collected.")
                : _text;
        }
        finally
        {
            _turn.Release();
        }
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var families = new PrometheusFamilies();

        foreach (var metric in batch)
        {
            families.Add(metric);
        }

        _text = families.Render();
        return ExportResult.Success;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _turn.Dispose();
        }

        base.Dispose(disposing);
    }
}
