using System.Globalization;

namespace Payments.Bench.Running;

/// <summary>Processor time and memory of processes, from <c>/proc</c>.</summary>
internal static class ProcessorTime
{
    // The kernel's unit here is a hundredth of a second on every architecture (USER_HZ).
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    /// <summary>What the process has used so far, in user and kernel mode.</summary>
    public static TimeSpan Of(int pid) => Ticks(pid, children: false) * Tick;

    /// <summary>What the process, its children that live, and those that ended have used so far.</summary>
    public static TimeSpan OfTree(int pid) =>
        (Ticks(pid, children: true) + Children(pid).Sum(child => Ticks(child, children: true))) * Tick;

    /// <summary>Memory that the process holds now, in bytes: its resident set.</summary>
    public static long ResidentBytes(int pid)
    {
        var line = File.ReadLines($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/status")
            .First(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6).Trim(" \tkB"), CultureInfo.InvariantCulture) * 1024;
    }

    private static IEnumerable<int> Children(int parent)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid)
                && Fields(pid) is { Length: > 1 } fields
                && fields[1] == parent.ToString(CultureInfo.InvariantCulture))
            {
                yield return pid;
            }
        }
    }

    // utime, stime, and of children that were waited for cutime, cstime.
    private static long Ticks(int pid, bool children)
    {
        var fields = Fields(pid);
        return fields.Length == 0
            ? 0
            : fields[11..(children ? 15 : 13)].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
    }

    // The fields after the name, which stands in parentheses and may hold spaces: state, parent, ...
    private static string[] Fields(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or IOException)
        {
            // It ended between the listing and the look.
            return [];
        }
    }
}
