using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.NetworkInformation;
using Payments.Testing.Faults;

namespace Aspire.Hosting.Local.Tests.Processes;

/// <summary>
/// The sample AppHost as a process of its own. Every process that it starts, however deep, inherits a variable by which
/// it is found, as does its folder for temporary files.
/// </summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private static readonly TimeSpan LookDelay = TimeSpan.FromMilliseconds(20);

    private readonly string _mark = $"HOST_PROCESS_MARK={Guid.CreateVersion7():N}";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aspire host tests ");
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;
    private readonly CancellationToken _cancel;

    private HostProcess(string? program, string scenario, string[] settings, (string Name, string Value)[] variables)
    {
        var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        _cancel = limit.Token;
        Diary = Path.Combine(_folder.FullName, "diary");
        program ??= ProjectFolder.Built("Aspire.Hosting.Local.SampleHost", "Aspire.Hosting.Local.SampleHost");

        // A shell that runs the tests in the background makes its children ignore Ctrl+C, and so would theirs.
        var start = new ProcessStartInfo(
            "env", ["--default-signal=INT", program, $"--Scenario={scenario}", $"--Diary={Diary}", .. settings])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TMPDIR"] = _folder.CreateSubdirectory("tmp").FullName;
        var mark = _mark.Split('=');
        start.Environment[mark[0]] = mark[1];

        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _output = _process.StandardOutput.ReadToEndAsync(_cancel);
        _errors = _process.StandardError.ReadToEndAsync(_cancel);
    }

    /// <summary>The file in which the services note their starts and ends, in order.</summary>
    public string Diary { get; }

    public int Pid => _process.Id;

    public string[] DiaryLines => File.Exists(Diary) ? File.ReadAllLines(Diary) : [];

    public static HostProcess Start(string scenario, params string[] settings) => new(null, scenario, settings, []);

    public static HostProcess Start(
        string scenario, (string Name, string Value)[] variables, params string[] settings) =>
        new(null, scenario, settings, variables);

    public static HostProcess StartFrom(string program, string scenario) => new(program, scenario, [], []);

    public Task DiaryHasAsync(string line) => WhileRunningUntilAsync(() => DiaryLines.Contains(line));

    /// <summary>Looks until the condition holds, which the AppHost must live to see.</summary>
    /// <exception cref="InvalidOperationException">It has ended before; the message is what it said.</exception>
    public async Task WhileRunningUntilAsync(Func<bool> condition)
    {
        await UntilAsync(() => _process.HasExited || condition());

        if (_process.HasExited)
        {
            throw new InvalidOperationException($"The AppHost has ended.\n{await _output}\n{await _errors}");
        }
    }

    /// <summary>Looks until the condition holds.</summary>
    /// <exception cref="OperationCanceledException">It did not within a minute of the AppHost's start.</exception>
    public async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(LookDelay, _cancel);
        }
    }

    /// <summary>Waits for its end.</summary>
    public async Task<(int ExitCode, TimeSpan Took, string Output, string Errors)> EndAsync()
    {
        var started = Stopwatch.GetTimestamp();
        await _process.WaitForExitAsync(_cancel);
        return (_process.ExitCode, Stopwatch.GetElapsedTime(started), await _output, await _errors);
    }

    /// <summary>Its children, their children and so on, by their command lines; not the AppHost itself.</summary>
    public IReadOnlyList<(int Pid, string Command)> Descendants() =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(Path.GetFileName)
            .Where(name => name!.All(char.IsAsciiDigit))
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture))
            .Where(pid => pid != _process.Id && Read(pid, "environ").Split('\0').Contains(_mark))
            .Select(pid => (pid, Read(pid, "cmdline").Replace('\0', ' '))),
    ];

    /// <summary>The sample services among the descendants.</summary>
    public IEnumerable<int> Services() => Descendants()
        .Where(one => one.Command.Contains("Local.Sample.dll", StringComparison.Ordinal))
        .Select(one => one.Pid);

    public int Orchestrator() => Descendants()
        .Single(one => one.Command.Contains("start-apiserver", StringComparison.Ordinal)
            && !one.Command.Contains("--detach", StringComparison.Ordinal)).Pid;

    /// <summary>The orchestrator's session folders that are still there.</summary>
    public IEnumerable<string> Sessions() =>
        Directory.EnumerateDirectories(Path.Combine(_folder.FullName, "tmp"), "aspire-*");

    public static bool IsListening(int port) => IPGlobalProperties.GetIPGlobalProperties()
        .GetActiveTcpListeners()
        .Any(listener => listener.Port == port);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        // A test that failed must not leave processes to those that follow it.
        foreach (var (pid, _) in Descendants())
        {
            try
            {
                ProcessSignals.Kill(pid);
            }
            catch (Win32Exception)
            {
                // It has ended since.
            }
        }

        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    // A process may end while it is looked at, and other users' are closed to us.
    private static string Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
