namespace Recon.Worker.Tests.Reconciliation;

/// <summary>A clock that shows what the test sets.</summary>
internal sealed class SetClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}
