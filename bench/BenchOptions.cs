using System.Globalization;

namespace Payments.Bench;

/// <summary>What the command line asks for.</summary>
/// <param name="Scenarios">Names; none stands for the comparisons.</param>
/// <param name="Runs">How often each side is measured.</param>
/// <param name="Seconds">The longest window; shorter when the budget demands it.</param>
/// <param name="Payments">How many payments are queued for a settlement.</param>
/// <param name="LargePayments">How many settled payments the large tables of growth hold.</param>
/// <param name="Minutes">The budget of all scenarios together; 0 for none.</param>
/// <param name="SoakMinutes">How long soak lasts.</param>
/// <param name="Rate">Payments a second of scenarios with a fixed rate; 0 lets them find it out.</param>
/// <param name="Sides">Only sides whose name begins with one of these are measured; none stands for all.</param>
internal sealed record BenchOptions(
    IReadOnlyList<string> Scenarios,
    int Runs,
    int Seconds,
    int Payments,
    int LargePayments,
    int Minutes,
    int SoakMinutes,
    int Rate,
    IReadOnlyList<string> Sides)
{
    /// <summary>How many accounts the payments go to.</summary>
    public const int Accounts = 10_000;

    public const string Usage = """
        dotnet run -c Release --project bench -- [scenario ...] [--option value ...]

          scenarios: settlement intake both latency pickup cost (all of them unless named), growth, soak,
                     reconcile
          --runs 5          runs of each side
          --seconds 8       window of a run, at the most
          --minutes 15      budget of a whole run: windows become shorter to keep it; 0 for none
          --payments 300000 size of the queue that is settled
          --large 5000000   settled payments in the large tables of growth
          --soak 10         minutes that soak lasts
          --rate 0          payments a second of latency and soak; 0: from what the machine sustains
          --side "product, two" only the sides whose name begins so; may be given more than once
        """;

    private static readonly string[] Known =
        ["settlement", "intake", "both", "latency", "pickup", "growth", "soak", "reconcile"];

    /// <exception cref="FormatException">An argument is wrong; the message says which.</exception>
    public static BenchOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new BenchOptions([], 5, 8, 300_000, 5_000_000, 15, 10, 0, []);
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            options = argument switch
            {
                "all" => options,
                "--runs" => options with { Runs = Number(arguments, ++i, 1, 100) },
                "--seconds" => options with { Seconds = Number(arguments, ++i, 1, 600) },
                "--minutes" => options with { Minutes = Number(arguments, ++i, 0, 600) },
                "--payments" => options with { Payments = Number(arguments, ++i, 1_000, 10_000_000) },
                "--large" => options with { LargePayments = Number(arguments, ++i, 100_000, 50_000_000) },
                "--soak" => options with { SoakMinutes = Number(arguments, ++i, 1, 1_440) },
                "--rate" => options with { Rate = Number(arguments, ++i, 0, 1_000_000) },
                "--side" => options with { Sides = [.. options.Sides, Text(arguments, ++i)] },
                // What a payment costs is measured while payments are created and settled.
                "cost" => options with { Scenarios = [.. options.Scenarios, "both"] },
                _ when Known.Contains(argument, StringComparer.Ordinal) =>
                    options with { Scenarios = [.. options.Scenarios, argument] },
                _ => throw new FormatException($"'{argument}' is neither a scenario nor an option."),
            };
        }

        return options;
    }

    private static string Text(IReadOnlyList<string> arguments, int index) => index < arguments.Count
        ? arguments[index]
        : throw new FormatException($"{arguments[index - 1]} wants a value.");

    private static int Number(IReadOnlyList<string> arguments, int index, int least, int most) =>
        index < arguments.Count
        && int.TryParse(arguments[index], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number >= least && number <= most
            ? number
            : throw new FormatException(
                FormattableString.Invariant($"{arguments[index - 1]} must be a number from {least} to {most}."));
}
