using System.Text.RegularExpressions;

namespace Tidy.Tests;

public sealed partial class LinkTests
{
    [Fact]
    public void Links_of_the_documentation_lead_somewhere()
    {
        var pages = Repository.Files
            .Where(file => file.Is(".md"))
            .ToDictionary(file => file.Path, StringComparer.Ordinal);

        Finding.AssertNone(pages.Values.SelectMany(page => DeadLinks(page, Repository.Paths, pages)));
    }

    [Theory]
    [InlineData("[a](other.md)", 0)]
    [InlineData("[a](other.md#second-part-of-it)", 0)]
    [InlineData("[a](#here)", 0)]
    [InlineData("[a](../README.md) ![b](pictures)", 0)]
    [InlineData("[a](https://example.com)", 0)]
    [InlineData("`[a](gone.md)`", 0)]
    [InlineData("[a](gone.md)", 1)]
    [InlineData("[a](other.md#third-part)", 1)]
    [InlineData("[a](../../README.md)", 1)]
    public void A_dead_link_is_found(string text, int findings)
    {
        var page = new SourceFile("docs/page.md", $"# Here\n{text}\n");
        var other = new SourceFile("docs/other.md", "# First\n## Second `part`, of it\n");
        var pages = new[] { page, other }.ToDictionary(file => file.Path, StringComparer.Ordinal);
        string[] paths = [page.Path, other.Path, "README.md", "docs/pictures/a.png"];

        Assert.Equal(findings, DeadLinks(page, paths, pages).Count());
    }

    private static IEnumerable<Finding> DeadLinks(
        SourceFile page, IReadOnlyList<string> paths, Dictionary<string, SourceFile> pages)
    {
        var inBlock = false;

        foreach (var (index, line) in page.Lines.Index())
        {
            inBlock ^= line.TrimStart().StartsWith("```", StringComparison.Ordinal);

            foreach (Match link in Link().Matches(inBlock ? "" : Code().Replace(line, "")))
            {
                var target = link.Groups[1].Value;
                if (!target.Contains("://", StringComparison.Ordinal)
                    && !target.StartsWith("mailto:", StringComparison.Ordinal)
                    && !Leads(page, target, paths, pages))
                {
                    yield return new(page.Path, index + 1, $"'{target}' leads nowhere: correct or remove the link.");
                }
            }
        }
    }

    private static bool Leads(
        SourceFile page, string target, IReadOnlyList<string> paths, Dictionary<string, SourceFile> pages)
    {
        var (file, anchor) = target.Split('#', 2) is [var before, var after] ? (before, after) : (target, null);
        var path = file.Length == 0 ? page.Path : Resolve(page.Path, file);

        if (path is null || !paths.Any(tracked =>
            tracked == path || tracked.StartsWith(path + '/', StringComparison.Ordinal) || path.Length == 0))
        {
            return false;
        }

        return anchor is null || !pages.TryGetValue(path, out var aim) || Anchors(aim).Contains(anchor);
    }

    // Null when the path climbs out of the repository.
    private static string? Resolve(string from, string target)
    {
        var parts = new Stack<string>(from.Split('/')[..^1]);

        foreach (var part in Uri.UnescapeDataString(target).Split('/'))
        {
            if (part == ".." && !parts.TryPop(out _))
            {
                return null;
            }

            if (part is not ("" or "." or ".."))
            {
                parts.Push(part);
            }
        }

        return string.Join('/', parts.Reverse());
    }

    // Headings as GitHub makes anchors of them: lower case, punctuation dropped, blanks to hyphens.
    private static HashSet<string> Anchors(SourceFile page) => page.Lines
        .Where(line => line.StartsWith('#'))
        .Select(line => line.TrimStart('#').Trim().ToLowerInvariant())
        .Select(heading => Punctuation().Replace(heading, "").Replace(' ', '-'))
        .ToHashSet(StringComparer.Ordinal);

    [GeneratedRegex(@"\]\(<?([^)\s>]+)>?(?:\s+""[^""]*"")?\)")]
    private static partial Regex Link();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex Code();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();
}
