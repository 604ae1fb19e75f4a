namespace Recon.Worker;

/// <summary>
/// The name under which this process claims jobs: host, process and a random part, so that none is reused.
/// </summary>
internal sealed record WorkerIdentity(string Id)
{
    public static WorkerIdentity Create(TimeProvider clock)
    {
        var random = Guid.CreateVersion7(clock.GetUtcNow()).ToString("N")[^8..];
        return new(FormattableString.Invariant($"{Environment.MachineName}-{Environment.ProcessId}-{random}"));
    }
}
