using Npgsql;
using Recon.Worker.Reconciliation;

namespace Recon.Worker.Tests.Reconciliation;

/// <summary>Finds what the test says.</summary>
internal sealed class ScriptedCheck(
    string checkType, Func<NpgsqlConnection, CancellationToken, Task<CheckResult>> script) : IReconciliationCheck
{
    public ScriptedCheck(string checkType, CheckResult result)
        : this(checkType, (_, _) => Task.FromResult(result))
    {
    }

    public string CheckType => checkType;

    public bool NeedsOneMoment { get; init; } = true;

    public int Runs { get; private set; }

    public Task<CheckResult> RunAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        Runs++;
        return script(connection, cancel);
    }
}

internal static class Results
{
    public static CheckResult Fine { get; } = new([new CheckTotal("USD", 5_000, 5_000)], [], 7);

    /// <summary>A break of each of these amounts in minor units of USD, missing from the books.</summary>
    public static CheckResult Missing(params long[] amounts) => new(
        [new CheckTotal("USD", 5_000, 5_000 - amounts.Sum()), new CheckTotal("JPY", 40, 40)],
        [
            .. amounts.Select((amount, index) => new Break(
                "missing_entries", $"missing/{index}", "An entry is missing.", "medium")
            {
                Currency = "USD",
                Expected = amount,
                Actual = 0,
            }),
        ],
        7);
}
