using System.Text.Encodings.Web;
using System.Text.Json;

namespace Payments.Bench.Reporting;

/// <summary>Writes the report as <c>bench/results/&lt;name&gt;.md</c> and <c>.json</c>.</summary>
internal static class ReportFiles
{
    private static readonly JsonSerializerOptions Readable = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <returns>The path of the Markdown file.</returns>
    public static async Task<string> WriteAsync(Report report, string name, CancellationToken cancel)
    {
        var folder = Path.Combine(Repository.Root, "bench", "results");
        Directory.CreateDirectory(folder);
        var markdown = Path.Combine(folder, name + ".md");
        await File.WriteAllTextAsync(markdown, MarkdownReport.Of(report), cancel);

        await using var json = File.Create(Path.Combine(folder, name + ".json"));
        await JsonSerializer.SerializeAsync(json, report, Readable, cancel);
        await json.WriteAsync("\n"u8.ToArray(), cancel);
        return markdown;
    }
}
