namespace Tidy.Tests;

/// <summary>A place that breaks a rule, and what to do instead.</summary>
internal sealed record Finding(string Path, int Line, string Instead)
{
    public override string ToString() => $"{Path}:{Line}: {Instead}";

    /// <summary>Fails with one line for each finding.</summary>
    public static void AssertNone(IEnumerable<Finding> findings)
    {
        var lines = findings.Select(finding => finding.ToString()).ToList();

        if (lines.Count > 0)
        {
            Assert.Fail(string.Join('\n', lines.Prepend("")));
        }
    }
}
