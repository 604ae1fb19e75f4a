using System.Globalization;
using System.Runtime.InteropServices;
using Npgsql;

namespace Payments.Bench.Reporting;

/// <summary>Where the figures were measured; on another machine only their ratios may hold.</summary>
/// <param name="SharedSpeed">The share of its speed that a thread keeps while all cores are busy.</param>
internal sealed record Machine(
    string Processor, int Cores, double SharedSpeed, double MemoryGiB, string Kernel, string Disk, string Postgres,
    string Dotnet, string Node)
{
    public static async Task<Machine> ReadAsync(NpgsqlDataSource superuser, string node, CancellationToken cancel)
    {
        await using var version = superuser.CreateCommand("SHOW server_version");
        return new Machine(
            Field("/proc/cpuinfo", "model name"),
            Environment.ProcessorCount,
            Reporting.SharedSpeed.Measure(),
            double.Parse(Field("/proc/meminfo", "MemTotal").Split(' ')[0], CultureInfo.InvariantCulture) / (1 << 20),
            $"{RuntimeInformation.OSDescription}, Linux {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}",
            FileSystemOf(Path.GetTempPath()),
            (string)(await version.ExecuteScalarAsync(cancel))!,
            RuntimeInformation.FrameworkDescription,
            node);
    }

    private static string Field(string file, string name) => File.ReadLines(file)
        .Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
        .FirstOrDefault(parts => parts.Length == 2 && parts[0] == name)?[1] ?? "0";

    // A flush costs nothing where the data lie in memory: the table must say so.
    private static string FileSystemOf(string path) => File.ReadLines("/proc/mounts")
        .Select(line => line.Split(' '))
        .Where(mount => path.StartsWith(mount[1], StringComparison.Ordinal))
        .MaxBy(mount => mount[1].Length)?[2] ?? "unknown";
}
