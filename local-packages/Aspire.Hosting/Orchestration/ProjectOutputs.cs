using System.Reflection;

namespace Aspire.Hosting.Orchestration;

/// <summary>Where the build of the AppHost put the programs of the projects that it references.</summary>
/// <param name="programs">From a project's path to its program's.</param>
internal sealed class ProjectOutputs(IReadOnlyDictionary<string, string> programs)
{
    private const string Prefix = "ProjectOutput:";

    /// <summary>What the build has noted in the AppHost's assembly.</summary>
    public static ProjectOutputs Of(Assembly? appHost) => new(
        (appHost?.GetCustomAttributes<AssemblyMetadataAttribute>() ?? [])
            .Where(metadata => metadata.Key.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(
                metadata => metadata.Key[Prefix.Length..], metadata => metadata.Value!, StringComparer.Ordinal));

    /// <exception cref="DistributedApplicationException">The program is not known, or not there.</exception>
    public string Find(IProjectMetadata project)
    {
        if (!programs.TryGetValue(project.ProjectPath, out var program))
        {
            throw new DistributedApplicationException(
                $"The AppHost's build names no program for '{project.ProjectPath}': reference it and build again.");
        }

        return File.Exists(program)
            ? program
            : throw new DistributedApplicationException($"'{program}' is not there: build the AppHost again.");
    }
}
