using Payments.Bench.Measuring;
using Payments.Bench.Running;

namespace Payments.Bench.NodePeers;

/// <summary>The npm packages of the peers, as their lock file names them.</summary>
internal static class PeerPackages
{
    /// <summary>Installs what is missing. Does nothing the second time.</summary>
    /// <returns>The version of Node.js, or why the peers cannot be measured.</returns>
    public static async Task<string> InstallAsync(CancellationToken cancel)
    {
        try
        {
            var version = await VersionAsync(cancel);
            if (!IsInstalled())
            {
                await using var npm = ChildProcess.Start(
                    "npm",
                    "npm",
                    ["ci", "--no-fund", "--no-audit"],
                    new Dictionary<string, string>(StringComparer.Ordinal),
                    NodePeer.Folder);
                await npm.WaitForExitAsync(cancel);
                return IsInstalled() ? version : $"{version}, but the peers' packages cannot be installed";
            }

            return version;
        }
        catch (NotInstalledException)
        {
            return "not installed";
        }
    }

    // npm writes this file last, and a newer lock file asks for another installation.
    private static bool IsInstalled()
    {
        var stamp = new FileInfo(Path.Combine(NodePeer.Folder, "node_modules", ".package-lock.json"));
        var wanted = new FileInfo(Path.Combine(NodePeer.Folder, "package-lock.json"));
        return stamp.Exists && stamp.LastWriteTimeUtc >= wanted.LastWriteTimeUtc;
    }

    private static async Task<string> VersionAsync(CancellationToken cancel)
    {
        await using var node = ChildProcess.Start(
            "node", "node", ["--version"], new Dictionary<string, string>(StringComparer.Ordinal));
        return await node.ReadLineAsync(cancel);
    }
}
