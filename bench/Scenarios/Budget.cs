namespace Payments.Bench.Scenarios;

/// <summary>Divides the time that a whole run may take.</summary>
internal static class Budget
{
    // The server is started, and the peers are there.
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(2);

    /// <summary>The window that keeps the budget: as long as was asked for if there is time for it.</summary>
    public static TimeSpan WindowFor(IReadOnlyList<Scenario> scenarios, BenchOptions options)
    {
        var wanted = TimeSpan.FromSeconds(options.Seconds);
        if (options.Minutes == 0)
        {
            return wanted;
        }

        var windows = scenarios.Sum(scenario => scenario.WindowsPerRound) * options.Runs;
        var overhead = scenarios.Aggregate(
            Start, (sum, scenario) => sum + scenario.Preparation + (scenario.OverheadPerRound * options.Runs));
        var affordable = (TimeSpan.FromMinutes(options.Minutes) - overhead) / Math.Max(1, windows);
        return affordable > wanted ? wanted : affordable < Shortest ? Shortest : affordable;
    }
}
