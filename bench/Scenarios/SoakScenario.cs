using Payments.Bench.Load;
using Payments.Bench.Measuring;
using Payments.Bench.Product;
using Payments.Bench.Running;

namespace Payments.Bench.Scenarios;

/// <summary>
/// Minutes of load at half of what the machine sustains: is the memory of API and worker the same at the end as it was
/// when they were warm? A separate command.
/// </summary>
internal sealed class SoakScenario : Scenario
{
    private const string Product = "product";
    private const int Connections = 64;

    // Caches have filled and the garbage collector has found its pace by then.
    private const double WarmShare = 0.3;
    private const double LastShare = 0.1;

    private static readonly TimeSpan LookDelay = TimeSpan.FromSeconds(1);

    public override string Name => "soak";

    public override int WindowsPerRound => 0;

    public override TimeSpan OverheadPerRound => TimeSpan.Zero;

    public override async Task RunAsync(BenchContext context, CancellationToken cancel)
    {
        var perSecond = context.Options.Rate > 0
            ? context.Options.Rate
            : await BothScenario.FindSustainedAsync(context, cancel) / 2;
        var length = TimeSpan.FromMinutes(context.Options.SoakMinutes);
        await using var template = await ProductTemplate.CreateAsync(context.Server, null, cancel);
        var comparison = new Comparison(
            FormattableString.Invariant($"{length.TotalMinutes:0} minutes at {perSecond:#,##0} payments a second"),
            [new Side(Product, token => MeasureAsync(context, template, perSecond, length, token))]);
        var result = await comparison.RunAsync(1, context.Progress, cancel);
        context.Report.Comparisons.Add(result);
        context.Report.Targets.AddRange([
            Target.AtMost(result, Product, "api growth, %", 10),
            Target.AtMost(result, Product, "worker growth, %", 10),
        ]);
    }

    private static async Task<Run> MeasureAsync(
        BenchContext context, BenchDatabase template, double perSecond, TimeSpan length, CancellationToken cancel)
    {
        await using var database = await context.Server.CloneAsync(template, cancel);
        var figures = new List<(string Name, double Value)>();
        await using (var system = await ProductSystem.StartAsync(database, cancel))
        {
            var load = new PacedLoad(
                system.Api.EndPoint, new CreateRequests("soak", BenchOptions.Accounts), Connections, perSecond);
            var loading = load.RunAsync(length, cancel);
            var looks = await WatchAsync(system, loading, cancel);
            var answers = new Latencies();
            Array.ForEach(await loading, answers.Add);
            await system.WaitUntilSettledAsync(cancel);
            system.ShouldRun();

            foreach (var role in (string[])["api", "worker"])
            {
                var warm = MemoryOf(role, looks, WarmShare, WarmShare + LastShare);
                var last = MemoryOf(role, looks, 1 - LastShare, 1);
                figures.AddRange([
                    ($"{role} MiB when warm", warm), ($"{role} MiB at the end", last),
                    ($"{role} growth, %", (last - warm) / warm * 100),
                ]);
            }

            figures.Add(("POST p99 ms", answers.Percentile(0.99)));
        }

        await database.CheckBooksAsync();
        return new Run(figures);
    }

    private static async Task<List<Dictionary<string, double>>> WatchAsync(
        ProductSystem system, Task loading, CancellationToken cancel)
    {
        var looks = new List<Dictionary<string, double>>();
        while (!loading.IsCompleted)
        {
            looks.Add(system.Roles
                .GroupBy(role => role.Role, StringComparer.Ordinal)
                .ToDictionary(
                    role => role.Key,
                    role => role.Average(process => ProcessorTime.ResidentBytes(process.Process.Id) / 1048576.0),
                    StringComparer.Ordinal));
            await Task.WhenAny(loading, Task.Delay(LookDelay, cancel));
        }

        return looks;
    }

    // The median over a part of the time: garbage collections make single looks swing.
    private static double MemoryOf(string role, List<Dictionary<string, double>> looks, double from, double to) =>
        Spread.Of(looks
            .Take((int)Math.Ceiling(looks.Count * to))
            .Skip((int)(looks.Count * from))
            .Select(look => look[role]))
        .Median;
}
