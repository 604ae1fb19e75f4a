using Payments.AppHost.Tests.Telemetry;

namespace Payments.AppHost.Tests;

/// <summary>The application as the AppHost describes it, for tests that leave it whole, with its spans.</summary>
public sealed class RunningApplication : ApplicationFixture
{
    private readonly SpanReceiver _spans;

    public RunningApplication()
        : this(new SpanReceiver())
    {
    }

    private RunningApplication(SpanReceiver spans)
        : base(builder => spans.ReceiveFrom(builder, "api", "worker", "web")) => _spans = spans;

    public SpanReceiver Spans => _spans;

    public override async ValueTask InitializeAsync()
    {
        await _spans.StartAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        // The services send their last spans while they stop.
        await base.DisposeAsync();
        await _spans.DisposeAsync();
    }
}

[CollectionDefinition(nameof(RunningApplication))]
public sealed class RunningApplicationCollection : ICollectionFixture<RunningApplication>;
