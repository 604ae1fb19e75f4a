namespace Recon.Worker.Reconciliation.Checks;

/// <summary>
/// How much of the machine a check takes. Its work is cut into windows, and after each it rests, so that whatever
/// waits for a processor or a disk comes in between.
/// </summary>
/// <param name="Share">Of the time of one session, while payments are being settled: above 0, to 1.</param>
/// <param name="IdleShare">The same while none are.</param>
internal sealed record CheckPace(double Share, double IdleShare)
{
    /// <summary>Of a run: it hurries while nobody waits for it, and takes a tenth of a session otherwise.</summary>
    public static CheckPace OfRuns { get; } = new(0.1, 1);

    /// <summary>
    /// Without a rest: it is short, or something is wrong and is to be named within seconds. A rest would keep the
    /// snapshot, and with it every row version that settlement leaves behind.
    /// </summary>
    public static CheckPace Hurried { get; } = new(1, 1);
}
