using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Payments.Testing;

namespace Payments.Ledger.Tests;

/// <summary>docs/state-machines.md draws exactly the states that the tables allow.</summary>
public sealed partial class StateMachineTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const int MatchMilliseconds = 1_000;

    [Theory]
    [InlineData("## A payment", "payments_status_known")]
    [InlineData("## A refund", "refunds_status_known")]
    [InlineData("## A job", "recon_jobs_status_known")]
    [InlineData("## A deposit", "deposits_status_known")]
    [InlineData("## A conversion", "conversion_jobs_status_known")]
    [InlineData("## A withdrawal", "withdrawals_status_known")]
    [InlineData("## A duty", "duties_status_known")]
    [InlineData("## A reconciliation run", "reconciliation_reports_status_known")]
    [InlineData("## An exception", "reconciliation_exceptions_status_known")]
    [InlineData("## An adjustment", "reconciliation_adjustments_status_known")]
    [InlineData("## A delivery", "webhook_deliveries_status_known")]
    public async Task The_diagram_and_the_table_know_the_same_states(string heading, string constraint)
    {
        var definition = await database.ScalarAsync<string>(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = @constraint", new { constraint });
        var allowed = Quoted().Matches(definition).Select(match => match.Groups["state"].Value);

        var text = await File.ReadAllTextAsync(Document(), TestContext.Current.CancellationToken);
        var section = text[text.IndexOf(heading, StringComparison.Ordinal)..];
        var diagram = section[..section.IndexOf("```\n", StringComparison.Ordinal)];
        var drawn = Move().Matches(diagram)
            .SelectMany(move => new[] { move.Groups["from"].Value, move.Groups["to"].Value })
            .Where(state => state != "[*]").Distinct(StringComparer.Ordinal);

        Assert.Equal(allowed.Order(StringComparer.Ordinal), drawn.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("negative_amount")]
    [InlineData("zero_amount")]
    [InlineData("minor_part_13")]
    [InlineData("matched")]
    [InlineData("insufficient_funds")]
    public async Task Every_rule_is_described(string rule) => Assert.Contains(
        $"| `{rule}` |",
        await File.ReadAllTextAsync(Document(), TestContext.Current.CancellationToken),
        StringComparison.Ordinal);

    private static string Document([CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, "../../docs/state-machines.md");

    [GeneratedRegex("'(?<state>[a-z_]+)'", RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex Quoted();

    [GeneratedRegex(
        @"^\s*(?<from>\[\*\]|[a-z_]+) --> (?<to>\[\*\]|[a-z_]+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        MatchMilliseconds)]
    private static partial Regex Move();
}
