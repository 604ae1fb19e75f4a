using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;

namespace Aspire.Hosting;

public static class ProjectResourceBuilderExtensions
{
    /// <summary>Runs a project with its default launch profile.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(
        this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new() =>
        builder.AddProject(name, new TProject(), profiles => LaunchProfile.Default(profiles, builder.Configuration));

    /// <summary>Runs a project with this launch profile; with null, without any.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(
        this IDistributedApplicationBuilder builder, string name, string? launchProfileName)
        where TProject : IProjectMetadata, new() =>
        builder.AddProject(name, new TProject(), profiles => launchProfileName is null
            ? null
            : profiles.FirstOrDefault(profile => profile.Name == launchProfileName)
                ?? throw new DistributedApplicationException(
                    $"Project '{name}' has no launch profile '{launchProfileName}'."));

    public static IResourceBuilder<ProjectResource> WithReplicas(
        this IResourceBuilder<ProjectResource> builder, int replicas) =>
        builder.WithAnnotation(new ReplicaAnnotation(replicas), ResourceAnnotationMutationBehavior.Replace);

    private static IResourceBuilder<ProjectResource> AddProject(
        this IDistributedApplicationBuilder builder,
        string name,
        IProjectMetadata metadata,
        Func<IReadOnlyList<LaunchProfile>, LaunchProfile?> choose)
    {
        var project = builder.AddResource(new ProjectResource(name)).WithAnnotation(metadata);

        if (choose(LaunchProfile.Read(metadata.ProjectPath)) is not { } profile)
        {
            return project;
        }

        project.WithAnnotation(new LaunchProfileNameAnnotation(profile.Name));

        foreach (var url in profile.Urls)
        {
            project.WithAnnotation(new EndpointAnnotation(
                ProtocolType.Tcp, url.Scheme, name: url.Scheme, port: url.Port == 0 ? null : url.Port));
        }

        return project.WithEnvironment(context =>
        {
            foreach (var (variable, value) in profile.Variables)
            {
                context.EnvironmentVariables[variable] = value;
            }

            context.EnvironmentVariables["DOTNET_LAUNCH_PROFILE"] = profile.Name;
        });
    }
}
