using System.Text.RegularExpressions;

namespace Tidy.Tests;

public sealed partial class WordTests
{
    [Fact]
    public void Nothing_is_left_to_do_in_the_text() => Finding.AssertNone(Scan(Unfinished(), "finish it, or drop it."));

    [Fact]
    public void No_file_knows_the_machine_it_was_written_on() =>
        Finding.AssertNone(Scan(MachinePath(), "use a relative path, a setting, or the system's temporary folder."));

    [Fact]
    public void No_file_knows_a_registry_s_address() =>
        Finding.AssertNone(Scan(RegistryAddress(), "name the package: where it comes from is the machine's setting."));

    [Fact]
    public void The_project_speaks_of_itself_alone() =>
        Finding.AssertNone(Scan(Workplace(), "say why in the project's own terms."));

    [Theory]
    [InlineData("// TO" + "DO later", true)]
    [InlineData("// TO" + "DOS was a film", false)]
    public void An_open_end_is_found(string text, bool found) => Assert.Equal(found, Unfinished().IsMatch(text));

    [Theory]
    [InlineData("cd /home" + "/me/payments", true)]
    [InlineData("\"/ro" + "ot/.nuget\"", true)]
    [InlineData("https://example.com/work" + "/item", false)]
    [InlineData("app.MapGet(\"/tmp\")", false)]
    public void A_path_of_a_machine_is_found(string text, bool found) =>
        Assert.Equal(found, MachinePath().IsMatch(text));

    [Theory]
    [InlineData("\"resolved\": \"https://regis" + "try.example.com/a.tgz\"", true)]
    [InlineData("https://api.nu" + "get.org/v3/index.json", true)]
    [InlineData("https://opentelemetry.io/docs", false)]
    public void A_registry_s_address_is_found(string text, bool found) =>
        Assert.Equal(found, RegistryAddress().IsMatch(text));

    private static IEnumerable<Finding> Scan(Regex forbidden, string instead) =>
        from file in Repository.Files
        where !file.IsIn("tests/Tidy.Tests")
        from line in file.Lines.Index()
        let match = forbidden.Match(line.Item)
        where match.Success
        select new Finding(file.Path, line.Index + 1, $"'{match.Value.Trim()}': {instead}");

    [GeneratedRegex(@"\b(?:TODO|FIXME|HACK|XXX)\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"(?<![\w.:/~}-])/(?:work|root|tmp|home/\w+|Users/\w+)/|(?<!\w)[A-Z]:\\\\?Users\\")]
    private static partial Regex MachinePath();

    [GeneratedRegex(
        @"https?://[^\s/""']*(?:registry|nuget|npmjs|artifactory|mirror)[^\s/""']*", RegexOptions.IgnoreCase)]
    private static partial Regex RegistryAddress();

    [GeneratedRegex(@"\b(?:issue #?\d+|this session|the brief|co-authored-by)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Workplace();
}
