namespace Payments.Bench.Reporting;

/// <summary>One line on the console for each run, written as it begins and finished as it ends.</summary>
internal sealed class Progress(TimeProvider clock)
{
    private readonly long _started = clock.GetTimestamp();

    /// <summary>Since the program started measuring.</summary>
    public TimeSpan Elapsed => clock.GetElapsedTime(_started);

    public void Say(string line) => Console.WriteLine(Stamp() + line);

    public void Begin(string what) => Console.Write(Stamp() + what + " ... ");

    public static void End(string outcome) => Console.WriteLine(outcome);

    private string Stamp() => FormattableString.Invariant($"[{Elapsed:mm\\:ss}] ");
}
