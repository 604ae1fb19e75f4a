using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Aspire.Hosting.Dcp;

/// <summary>The orchestrator and the dashboard, unpacked once per version from their npm package.</summary>
internal sealed record DcpBundle(string DcpProgram, string DashboardProgram)
{
    private static readonly TimeSpan LockRetryDelay = TimeSpan.FromMilliseconds(100);

    /// <exception cref="DistributedApplicationException">The sentence says what to do when there is none.</exception>
    public static async Task<DcpBundle> FindAsync(CancellationToken cancel)
    {
        var root = typeof(DcpBundle).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(metadata => metadata.Key == "RepositoryRoot").Value!;
        var package = Path.Combine(root, "node_modules", "@microsoft", "aspire-cli-linux-x64");

        if (!Directory.Exists(package))
        {
            throw new DistributedApplicationException(RuntimeInformation.RuntimeIdentifier is "linux-x64"
                ? $"Aspire's orchestrator is not in '{package}': build again, so that npm installs it."
                : "Aspire's orchestrator comes from npm on 64-bit Linux only: here, build with "
                    + "-p:UseLocalPackages=false, or start the services by hand with ConnectionStrings__payments.");
        }

        using var manifest = JsonDocument.Parse(
            await File.ReadAllTextAsync(Path.Combine(package, "package.json"), cancel));
        var version = manifest.RootElement.GetProperty("version").GetString();

        // The program keeps what it unpacks in a folder .aspire of the home directory: it is given one of its own.
        var home = Path.Combine(
            Environment.GetFolderPath(
                Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
            "aspire-local", $"aspire-{version}");
        var bundle = Path.Combine(home, ".aspire", "bundle");
        var complete = Path.Combine(home, "complete");

        if (!File.Exists(complete))
        {
            Directory.CreateDirectory(home);
            await using var unpacking = await LockAsync(Path.Combine(home, "lock"), cancel);

            if (!File.Exists(complete))
            {
                await UnpackAsync(Path.Combine(package, "bin", "aspire"), home, cancel);
                await File.WriteAllTextAsync(complete, "", cancel);
            }
        }

        return new(Path.Combine(bundle, "dcp", "dcp"), Path.Combine(bundle, "managed", "aspire-managed"));
    }

    private static async Task UnpackAsync(string program, string home, CancellationToken cancel)
    {
        var command = new ProcessStartInfo(
            program,
            ["setup", "--install-path", Path.Combine(home, ".aspire"), "--non-interactive", "--nologo"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["HOME"] = home, ["ASPIRE_CLI_TELEMETRY_OPTOUT"] = "true" },
        };
        using var process = Process.Start(command)!;
        var error = process.StandardError.ReadToEndAsync(cancel);
        var output = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);

        if (process.ExitCode != 0)
        {
            throw new DistributedApplicationException(
                $"Aspire's orchestrator could not be unpacked to '{home}': {output.Trim()} {(await error).Trim()}");
        }
    }

    /// <summary>Waits while another process unpacks; the lock ends with its process, however that ends.</summary>
    private static async Task<FileStream> LockAsync(string file, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(file))
            {
                await Task.Delay(LockRetryDelay, cancel);
            }
        }
    }
}
