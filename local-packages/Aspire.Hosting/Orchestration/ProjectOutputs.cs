using System.Reflection;

namespace Aspire.Hosting.Orchestration;

/// <summary>Where the build of the AppHost put the programs of the projects that it references.</summary>
internal sealed class ProjectOutputs(Assembly? appHost)
{
    private const string Prefix = "ProjectOutput:";

    private readonly Dictionary<string, string> _programs = (appHost?
        .GetCustomAttributes<AssemblyMetadataAttribute>() ?? [])
        .Where(metadata => metadata.Key.StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary(metadata => metadata.Key[Prefix.Length..], metadata => metadata.Value!, StringComparer.Ordinal);

    public string Find(IProjectMetadata project) => _programs.TryGetValue(project.ProjectPath, out var program)
        ? program
        : throw new DistributedApplicationException(
            $"The build of the AppHost names no program for '{project.ProjectPath}': reference it and build again.");
}
