using System.Runtime.InteropServices;

namespace Payments.Bench.Load;

/// <summary>
/// Sleeps by the kernel's fine clock. The runtime's timers go by a coarse one that ticks every four milliseconds on
/// many machines: what waits for one is sent milliseconds late, and the server would be charged for them.
/// </summary>
internal static unsafe partial class PreciseSleep
{
    /// <summary>Blocks the thread. A signal may end it early: whoever waits looks at the clock again.</summary>
    public static void For(TimeSpan length)
    {
        var time = new Timespec
        {
            Seconds = length.Ticks / TimeSpan.TicksPerSecond,
            Nanoseconds = length.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick,
        };
        _ = NanoSleep(&time, null);
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int NanoSleep(Timespec* length, Timespec* remaining);

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
