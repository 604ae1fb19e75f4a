namespace Payments.Bench.Scenarios;

/// <summary>All scenarios, in the order in which they are run.</summary>
internal static class ScenarioList
{
    private static readonly IReadOnlyList<Scenario> Comparisons =
    [
        new SettlementScenario(),
        new IntakeScenario(),
        new BothScenario(),
        new LatencyScenario(),
        new PickupScenario(),
    ];

    private static readonly IReadOnlyList<Scenario> Separate =
        [new GrowthScenario(), new SoakScenario(), new ReconcileScenario()];

    /// <summary>Those that were named; all comparisons when none was.</summary>
    public static IReadOnlyList<Scenario> Chosen(BenchOptions options) => options.Scenarios.Count == 0
        ? Comparisons
        : [.. Comparisons.Concat(Separate).Where(s => options.Scenarios.Contains(s.Name, StringComparer.Ordinal))];

    /// <summary>The table of all comparisons is "latest"; one of a part does not overwrite it.</summary>
    public static string ReportName(BenchOptions options) => options switch
    {
        { Sides.Count: > 0 } => string.Join('-', options.Scenarios.Prepend("part")),
        { Scenarios.Count: 0 } => "latest",
        _ => string.Join('-', options.Scenarios),
    };
}
