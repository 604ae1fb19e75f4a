using OpenTelemetry.Trace;

namespace Payments.ServiceDefaults;

/// <summary>
/// Samples a new trace that its maker marked with the tag <c>trace.keep</c>, and leaves the others to the sampler
/// given. A trace that sampled ones link to is marked, so that their links lead somewhere.
/// </summary>
internal sealed class KeepMarkedSampler(Sampler others) : Sampler
{
    private const string Mark = "trace.keep";

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        foreach (var tag in samplingParameters.Tags ?? [])
        {
            if (tag is { Key: Mark, Value: true })
            {
                return new SamplingResult(SamplingDecision.RecordAndSample);
            }
        }

        return others.ShouldSample(samplingParameters);
    }
}
