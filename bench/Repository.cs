using System.Reflection;

namespace Payments.Bench;

/// <summary>Where this program was built, and how.</summary>
internal static class Repository
{
    public static string Root { get; } = Metadata("RepositoryRoot");

    public static string Configuration { get; } = Metadata("Configuration");

    /// <summary>The built program of one of the product's projects.</summary>
    /// <exception cref="InvalidOperationException">It is not there.</exception>
    public static string ProgramOf(string project)
    {
        var path = Path.Combine(Root, project, "bin", Configuration, "net10.0", project + ".dll");
        return File.Exists(path)
            ? path
            : throw new InvalidOperationException($"{project} is not built for {Configuration}: '{path}' is missing.");
    }

    private static string Metadata(string key) => typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == key).Value!;
}
