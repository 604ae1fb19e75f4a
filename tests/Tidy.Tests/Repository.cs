using System.Diagnostics;

namespace Tidy.Tests;

/// <summary>One file of the repository; the path is relative to its root, with forward slashes.</summary>
internal sealed record SourceFile(string Path, string Text)
{
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    public string[] Lines => Text.Split('\n');

    public bool Is(params string[] endings) =>
        Array.Exists(endings, ending => Path.EndsWith(ending, StringComparison.Ordinal));

    public bool IsIn(string folder) => Path.StartsWith(folder + '/', StringComparison.Ordinal);

    /// <summary>The number of the line, from 1, that holds the character at this index.</summary>
    public int LineAt(int index) => Text.AsSpan(0, index).Count('\n') + 1;
}

/// <summary>The tracked files of the repository that this assembly was built in.</summary>
internal static class Repository
{
    private static readonly string[] Binary = [".png", ".jpg", ".gif", ".ico", ".woff2", ".webp", ".svg"];

    public static string Root { get; } = FindRoot();

    /// <summary>Every tracked file's path, whether text or not.</summary>
    public static IReadOnlyList<string> Paths { get; } = ListPaths();

    public static IReadOnlyList<SourceFile> Files { get; } =
        [.. Paths.Where(path => !Binary.Contains(Path.GetExtension(path), StringComparer.Ordinal)).Select(Read)];

    private static SourceFile Read(string path) => new(path, File.ReadAllText(Path.Combine(Root, path)));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Payments.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Payments.sln.");
    }

    // Sources unpacked without git are checked as they lie there, build output aside.
    private static List<string> ListPaths()
    {
        var paths = ListTracked() ?? Directory
            .EnumerateFiles(Root, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(folder => folder is "bin" or "obj" or "node_modules" or ".git"));

        return [.. paths.Where(path => File.Exists(Path.Combine(Root, path))).Order(StringComparer.Ordinal)];
    }

    private static string[]? ListTracked()
    {
        if (!Path.Exists(Path.Combine(Root, ".git")))
        {
            return null;
        }

        // The checkout may belong to another user than the one who runs the tests.
        var start = new ProcessStartInfo("git", ["-c", $"safe.directory={Root}", "-C", Root, "ls-files", "-z"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var git = Process.Start(start) ?? throw new InvalidOperationException("git did not start.");
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();

        return git.ExitCode == 0
            ? output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            : throw new InvalidOperationException($"'git ls-files' ended with {git.ExitCode} in {Root}.");
    }
}
