using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Orchestration;

/// <summary>How a project is started by hand: one entry of its <c>Properties/launchSettings.json</c>.</summary>
internal sealed record LaunchProfile(
    string Name, IReadOnlyList<Uri> Urls, IReadOnlyDictionary<string, string> Variables)
{
    private static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>The profiles that start the project itself, in the file's order; none without a file.</summary>
    public static IReadOnlyList<LaunchProfile> Read(string projectPath)
    {
        var file = Path.Combine(Path.GetDirectoryName(projectPath)!, "Properties", "launchSettings.json");

        if (!File.Exists(file))
        {
            return [];
        }

        using var document = JsonDocument.Parse(File.ReadAllText(file), Lenient);

        return document.RootElement.TryGetProperty("profiles", out var profiles)
            ? [.. profiles.EnumerateObject()
                .Where(profile => Text(profile.Value, "commandName") == "Project")
                .Select(Parse)]
            : [];
    }

    /// <summary>The profile named as the AppHost's own, or the first.</summary>
    public static LaunchProfile? Default(IReadOnlyList<LaunchProfile> profiles, IConfiguration configuration) =>
        profiles.FirstOrDefault(profile => profile.Name == configuration["DOTNET_LAUNCH_PROFILE"])
        ?? (profiles.Count > 0 ? profiles[0] : null);

    private static LaunchProfile Parse(JsonProperty profile)
    {
        var urls = Text(profile.Value, "applicationUrl") ?? "";
        var variables = profile.Value.TryGetProperty("environmentVariables", out var entries)
            ? entries.EnumerateObject()
                .ToDictionary(entry => entry.Name, entry => entry.Value.ToString(), StringComparer.Ordinal)
            : new(StringComparer.Ordinal);

        return new(
            profile.Name,
            [.. urls.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(url => new Uri(url))],
            variables);
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.GetString() : null;
}
