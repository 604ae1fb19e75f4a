namespace Aspire.Hosting.Local.Tests;

/// <summary>A project's folder with launch settings and nothing else.</summary>
internal sealed class ProjectFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aspire-hosting-tests-");

    public ProjectFolder(string launchSettings)
    {
        ProjectPath = Path.Combine(_folder.FullName, "Some.csproj");
        var properties = _folder.CreateSubdirectory("Properties").FullName;
        File.WriteAllText(Path.Combine(properties, "launchSettings.json"), launchSettings);
    }

    public static string? Current { get; set; }

    public string ProjectPath { get; }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Stands where the build writes a class for a referenced project.</summary>
    internal sealed class Metadata : IProjectMetadata
    {
        public string ProjectPath { get; } = Current!;
    }
}
