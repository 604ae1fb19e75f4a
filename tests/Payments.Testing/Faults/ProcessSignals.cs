using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Payments.Testing.Faults;

/// <summary>Signals to a process that is not ours, by its id. Numbers are those of Linux on x86-64 and ARM.</summary>
public static partial class ProcessSignals
{
    private const int SigInt = 2;
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;

    /// <summary>Ctrl+C.</summary>
    public static void Interrupt(int pid) => Send(pid, SigInt);

    /// <summary>Asks it to end.</summary>
    public static void Terminate(int pid) => Send(pid, SigTerm);

    /// <summary>Ends it at once: it can neither see nor refuse this.</summary>
    public static void Kill(int pid) => Send(pid, SigKill);

    /// <summary>Takes it off the processor until <see cref="Resume"/>; its connections stay open.</summary>
    public static void Freeze(int pid) => Send(pid, SigStop);

    public static void Resume(int pid) => Send(pid, SigCont);

    /// <exception cref="ArgumentOutOfRangeException">
    /// It is no process's id. To the system, zero and less stand for whole groups: our own, or all that we may signal.
    /// </exception>
    /// <exception cref="Win32Exception">There is no such process, or it is not ours to signal.</exception>
    private static void Send(int pid, int signal)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pid);
        if (SysKill(pid, signal) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"Signal {signal} to process {pid} failed");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SysKill(int pid, int signal);
}
