using Payments.Testing.Faults;

namespace Payments.FaultCampaign;

internal enum FaultKind
{
    /// <summary>SIGKILL, then started again.</summary>
    Kill,

    /// <summary>SIGSTOP until after its lease has ended, then SIGCONT.</summary>
    Freeze,

    /// <summary>
    /// Stopped and started by its resource commands, as from the dashboard. It ends in order and must hold nothing
    /// then, so this is never a hit.
    /// </summary>
    Restart,

    /// <summary>All its connections are ended by the server.</summary>
    Cut,
}

/// <summary>A fault that struck, and the jobs that its victim held just after it.</summary>
internal sealed record Fault(FaultKind Kind, string Worker, HeldLeases Held)
{
    public bool IsHit => Held.Jobs.Count > 0;

    /// <summary>Whether some of its jobs were in the hands of another victim too.</summary>
    public bool Meets(Fault other) => other != this && other.Held.Jobs.Intersect(Held.Jobs).Any();
}
