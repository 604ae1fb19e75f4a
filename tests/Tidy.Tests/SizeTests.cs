namespace Tidy.Tests;

public sealed class SizeTests
{
    private const int FileLimit = 400;
    private const int LineLimit = 120;

    [Fact]
    public void No_file_is_longer_than_a_head_can_hold() =>
        Finding.AssertNone(Repository.Files.SelectMany(LongFiles));

    [Fact]
    public void No_line_of_code_is_longer_than_a_screen() =>
        Finding.AssertNone(Repository.Files.SelectMany(LongLines));

    [Fact]
    public void The_limits_themselves_are_allowed()
    {
        var widest = new string('x', LineLimit);

        Assert.Empty(LongFiles(new("A.cs", Repeat("x\n", FileLimit))));
        Assert.Equal(401, Assert.Single(LongFiles(new("A.cs", Repeat("x\n", FileLimit + 1)))).Line);
        Assert.Empty(LongLines(new("A.cs", $"{widest}\n")));
        Assert.Equal(2, Assert.Single(LongLines(new("A.cs", $"\n{widest}x\n"))).Line);
    }

    private static IEnumerable<Finding> LongFiles(SourceFile file)
    {
        var lines = file.Text.AsSpan().Count('\n');

        return file.Is(".cs", ".razor", ".sql", ".css", ".js", ".mjs", ".sh") && lines > FileLimit
            ? [new(file.Path, lines, $"{lines} lines; split it by what a person would ask for (limit {FileLimit}).")]
            : [];
    }

    private static IEnumerable<Finding> LongLines(SourceFile file) => file.Is(".cs")
        ? file.Lines.Index()
            .Where(line => line.Item.TrimEnd('\r').Length > LineLimit)
            .Select(line => new Finding(
                file.Path, line.Index + 1, $"{line.Item.Length} characters; break the line (limit {LineLimit})."))
        : [];

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
}
