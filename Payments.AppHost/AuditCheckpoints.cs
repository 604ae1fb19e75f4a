using Microsoft.Extensions.Configuration;

namespace Payments.AppHost;

/// <summary>
/// Where a run on this machine keeps signed checkpoints of the audit trail and their keys, which <c>migrate</c> makes.
/// </summary>
internal static class AuditCheckpoints
{
    /// <summary>Beside the projects, as long as the data are kept; under test, a directory that ends with it.</summary>
    public static string AuditDirectory(this IDistributedApplicationBuilder builder) =>
        builder.Configuration.GetValue<bool>("DcpPublisher:RandomizePorts")
            ? Throwaway()
            : Path.GetFullPath(Path.Combine(builder.AppHostDirectory, "..", ".data", "audit"));

    /// <param name="signs">Whether it may sign, and not only verify.</param>
    public static IResourceBuilder<ProjectResource> WithAuditCheckpoints(
        this IResourceBuilder<ProjectResource> project, string directory, bool signs = false)
    {
        if (!project.ApplicationBuilder.ExecutionContext.IsRunMode)
        {
            return project;
        }

        project
            .WithEnvironment("Audit__CheckpointDirectory", Path.Combine(directory, "checkpoints"))
            .WithEnvironment("Audit__VerifyKeyFile", Path.Combine(directory, "public.pem"));
        return signs
            ? project.WithEnvironment("Audit__SigningKeyFile", Path.Combine(directory, "signing.pem"))
            : project;
    }

    private static string Throwaway()
    {
        var directory = Directory.CreateTempSubdirectory("payments-audit-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            if (Directory.Exists(directory))
            {
                Directory.Delete(directory, recursive: true);
            }
        };
        return directory;
    }
}
