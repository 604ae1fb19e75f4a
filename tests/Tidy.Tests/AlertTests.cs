using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Tidy.Tests;

/// <summary>
/// Alarms and dashboard speak of metrics that the code has, and each alarm has its page. Where Prometheus' own tool is
/// installed, it checks the rules and runs their cases too.
/// </summary>
public sealed partial class AlertTests
{
    private const string Rules = "deploy/prometheus/payments.rules.yml";
    private const string Cases = "deploy/prometheus/payments.rules.test.yml";
    private const string Dashboard = "deploy/grafana/payments.json";
    private const string Runbook = "docs/runbook/";

    // What is done without an alarm.
    private static readonly string[] Procedures = [Runbook + "backup-and-restore.md"];

    // Those of the framework, which no file here names.
    private static readonly string[] FrameworkMetrics = ["http_server_request_duration"];

    [Fact]
    public void Every_alarm_has_its_page_of_the_runbook_and_every_page_its_alarm()
    {
        var named = RunbookPage().Matches(Text(Rules)).Select(match => match.Groups["page"].Value).ToList();
        var pages = Repository.Paths
            .Where(path => path.StartsWith(Runbook, StringComparison.Ordinal))
            .Where(path => path != Runbook + "README.md")
            .Except(Procedures, StringComparer.Ordinal);

        Assert.Equal(Alert().Count(Text(Rules)), named.Count);
        Assert.Equal(pages.Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_alarm_has_a_case_that_raises_it()
    {
        var alarms = Alert().Matches(Text(Rules)).Select(match => match.Groups["name"].Value);
        var raised = RaisedCase().Matches(Text(Cases)).Select(match => match.Groups["name"].Value);

        Assert.Empty(alarms.Except(raised, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(Rules)]
    [InlineData(Cases)]
    [InlineData(Dashboard)]
    public void Only_metrics_that_the_code_has_are_spoken_of(string path)
    {
        var known = Repository.Files
            .Where(file => file.Is(".cs") && !file.IsIn("tests") && !file.IsIn("bench"))
            .SelectMany(file => Instrument().Matches(file.Text))
            .Select(match => Stem(match.Groups["name"].Value.Replace('.', '_')))
            .Concat(FrameworkMetrics)
            .ToHashSet(StringComparer.Ordinal);

        var spokenOf = Metric().Matches(Text(path))
            .Select(match => Stem(match.Value)).ToHashSet(StringComparer.Ordinal);

        Assert.NotEmpty(spokenOf);
        Assert.Empty(spokenOf.Except(known, StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_cases_of_the_rules_hold()
    {
        if (!IsInstalled("promtool"))
        {
            Assert.Skip("promtool is not installed");
        }

        Assert.Equal((0, ""), await RunAsync("check", "rules", Rules));
        Assert.Equal((0, ""), await RunAsync("test", "rules", Cases));
        Assert.Equal((0, ""), await RunAsync("check", "config", "deploy/prometheus/prometheus.yml"));
    }

    private static string Text(string path) => Repository.Files.Single(file => file.Path == path).Text;

    // Without what the text format adds for units and parts.
    private static string Stem(string name)
    {
        foreach (var ending in (string[])["_bucket", "_count", "_sum", "_total", "_seconds"])
        {
            name = name.EndsWith(ending, StringComparison.Ordinal) ? name[..^ending.Length] : name;
        }

        return name;
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));

    private static async Task<(int ExitCode, string Errors)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("promtool", arguments)
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, process.ExitCode == 0 ? errors : errors + await output);
    }

    [GeneratedRegex(@"- alert: (?<name>\w+)")]
    private static partial Regex Alert();

    [GeneratedRegex(@"runbook: (?<page>docs/\S+)")]
    private static partial Regex RunbookPage();

    [GeneratedRegex(@"alertname: (?<name>\w+)\n\s+exp_alerts:\n")]
    private static partial Regex RaisedCase();

    [GeneratedRegex("""Create(?:Observable)?(?:Counter|Gauge|Histogram)(?:<\w+>)?\(\s*"(?<name>[\w.]+)""")]
    private static partial Regex Instrument();

    [GeneratedRegex(
        @"\b(?:reconciliation|recon|payments|http_server)_[a-z_]+\b(?=[\s\[\{\\]|\)|$)", RegexOptions.Multiline)]
    private static partial Regex Metric();
}
