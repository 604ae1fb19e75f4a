using System.Text.RegularExpressions;

namespace Tidy.Tests;

public sealed partial class RequestTests
{
    [Fact]
    public void Every_request_can_check_itself() => Finding.AssertNone(Repository.Files.SelectMany(Unchecked));

    [Theory]
    [InlineData("internal sealed record CreateRefundRequest(Money Amount);", 1)]
    [InlineData("record CreateRefundRequest(Money Amount)\n{\n    public IReadOnlyList<Error> Check() => [];\n}", 0)]
    [InlineData("record RequestLog(string Path);", 0)]
    public void A_request_without_a_check_is_found(string code, int findings) =>
        Assert.Equal(findings, Unchecked(new("Payments.Api/Refunds/A.cs", code)).Count());

    // The framework's own validation is silent about types that are not public, and ours are not.
    private static IEnumerable<Finding> Unchecked(SourceFile file) =>
        file.IsIn("Payments.Api") && file.Is(".cs") && !file.Text.Contains(" Check(", StringComparison.Ordinal)
            ? RequestRecord().Matches(file.Text).Select(match => new Finding(
                file.Path, file.LineAt(match.Index), $"give {match.Groups[1].Value} a Check method that bounds it."))
            : [];

    [GeneratedRegex(@"\brecord (?:struct |class )?(\w+Request)\b")]
    private static partial Regex RequestRecord();
}
