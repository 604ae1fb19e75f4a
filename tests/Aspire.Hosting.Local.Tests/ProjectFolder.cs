using System.Reflection;

namespace Aspire.Hosting.Local.Tests;

/// <summary>A project's folder with launch settings and nothing else; its program is the sample service.</summary>
internal sealed class ProjectFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aspire hosting tests ");

    public ProjectFolder(string launchSettings)
    {
        ProjectPath = Path.Combine(_folder.FullName, "Some.csproj");
        var properties = _folder.CreateSubdirectory("Properties").FullName;
        File.WriteAllText(Path.Combine(properties, "launchSettings.json"), launchSettings);
    }

    /// <summary>The project that <see cref="Metadata"/> stands for when it is made next on this thread.</summary>
    [field: ThreadStatic]
    public static string? Current { get; set; }

    public string ProjectPath { get; }

    /// <summary>The folder's last part has spaces.</summary>
    public string FolderPath => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>A file that the build of one of the tests' projects has made.</summary>
    public static string Built(string project, string file) =>
        Path.GetFullPath(Path.Combine(Noted("TestsFolder"), project, Noted("OutputFolder"), file));

    private static string Noted(string key) => typeof(ProjectFolder).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == key).Value!;

    /// <summary>Stands where the build writes a class for a referenced project.</summary>
    internal sealed class Metadata : IProjectMetadata
    {
        public string ProjectPath { get; } = Current!;
    }
}
