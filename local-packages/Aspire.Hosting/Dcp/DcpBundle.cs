using System.Reflection;
using System.Runtime.InteropServices;

namespace Aspire.Hosting.Dcp;

/// <summary>The orchestrator and the dashboard, as the build unpacked them from their npm package.</summary>
internal sealed record DcpBundle(string DcpProgram, string DashboardProgram)
{
    /// <exception cref="DistributedApplicationException">The sentence says what to do when there is none.</exception>
    public static DcpBundle Find()
    {
        var root = typeof(DcpBundle).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(metadata => metadata.Key == "RepositoryRoot").Value!;
        var bundle = Path.Combine(root, "node_modules", ".aspire-home", ".aspire", "bundle");

        if (!Directory.Exists(bundle))
        {
            throw new DistributedApplicationException(RuntimeInformation.RuntimeIdentifier is "linux-x64"
                ? $"Aspire's orchestrator is not in '{bundle}': build again, so that it is installed."
                : "Aspire's orchestrator comes from npm on 64-bit Linux only: here, build with "
                    + "-p:UseLocalPackages=false, or start the services by hand with ConnectionStrings__payments.");
        }

        return new(Path.Combine(bundle, "dcp", "dcp"), Path.Combine(bundle, "managed", "aspire-managed"));
    }
}
