using System.Collections.Immutable;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>What is known of a resource before anything starts. The dashboard names the properties.</summary>
internal static class InitialSnapshot
{
    public static CustomResourceSnapshot Of(IResource resource, TimeProvider clock) => new()
    {
        ResourceType = resource.GetType().Name.Replace("Resource", "", StringComparison.Ordinal),
        Properties = [.. Properties(resource)],
        CreationTimeStamp = clock.GetUtcNow().UtcDateTime,
        HealthReports = UnknownHealth(resource),
    };

    /// <summary>Every check of the resource, none of which has been made.</summary>
    public static ImmutableArray<HealthReportSnapshot> UnknownHealth(IResource resource) =>
    [
        .. resource.Annotations.OfType<HealthCheckAnnotation>()
            .Select(check => new HealthReportSnapshot(check.Key, Status: null, Description: null, ExceptionText: null)),
    ];

    private static IEnumerable<ResourcePropertySnapshot> Properties(IResource resource)
    {
        if (resource is IResourceWithParent child)
        {
            yield return new("resource.parentName", child.Parent.ReplicaNames()[0]);
        }

        if (resource is ParameterResource)
        {
            yield return new("resource.source", $"Parameters:{resource.Name}");
        }

        if (resource.Annotations.OfType<IProjectMetadata>().LastOrDefault() is { } project)
        {
            yield return new("project.path", project.ProjectPath);
        }

        if (resource.Annotations.OfType<LaunchProfileNameAnnotation>().LastOrDefault() is { } profile)
        {
            yield return new("project.launchProfile", profile.Name);
        }
    }
}

/// <summary>The launch profile that a project is started with.</summary>
internal sealed record LaunchProfileNameAnnotation(string Name) : IResourceAnnotation;

internal static class ResourceProperties
{
    /// <summary>Why a resource cannot start. The dashboard shows it under this name.</summary>
    public const string Reason = "Reason";

    public const string WaitingFor = "resource.waitingFor";

    /// <summary>The value of a property; null when there is none of the name.</summary>
    public static object? Find(this ImmutableArray<ResourcePropertySnapshot> properties, string name) =>
        properties.FirstOrDefault(property => property.Name == name)?.Value;

    /// <summary>Adds properties in place of those of the same names; one without a value is taken away.</summary>
    public static ImmutableArray<ResourcePropertySnapshot> With(
        this ImmutableArray<ResourcePropertySnapshot> properties, params ResourcePropertySnapshot[] changes) =>
    [
        .. properties.Where(property => changes.All(change => change.Name != property.Name)),
        .. changes.Where(change => change.Value is not null),
    ];
}
