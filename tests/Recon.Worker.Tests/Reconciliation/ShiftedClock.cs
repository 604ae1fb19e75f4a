namespace Recon.Worker.Tests.Reconciliation;

/// <summary>The clock of a machine that is ahead of all others, or behind them.</summary>
internal sealed class ShiftedClock(TimeSpan ahead) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
}
