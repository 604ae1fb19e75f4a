using System.ComponentModel;
using System.Diagnostics;
using System.Threading.Channels;
using Payments.Bench.Measuring;
using Payments.Testing.Faults;

namespace Payments.Bench.Running;

/// <summary>A program of ours or of a peer, ended by its id when it is disposed.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    // What the machine's environment says must not change what is measured.
    private static readonly string[] Foreign = ["ASPNETCORE_", "DOTNET_ENVIRONMENT", "OTEL_", "PG"];

    private const string LogScript = "log=$1; shift; exec \"$@\" > \"$log\" 2>&1";

    private readonly Process _process;
    private readonly string _name;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly Queue<string> _errors = new();

    private ChildProcess(string name, Process process)
    {
        _name = name;
        _process = process;
        process.OutputDataReceived += (_, line) => Received(line.Data);
        process.ErrorDataReceived += (_, line) => Remember(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <param name="log">
    /// Takes what the program prints, at no cost to us; null when its lines are to be read with
    /// <see cref="ReadLineAsync"/>.
    /// </param>
    /// <exception cref="NotInstalledException">There is no such program.</exception>
    public static ChildProcess Start(
        string name,
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        string? workingDirectory = null,
        string? log = null)
    {
        var start = log is null
            ? new ProcessStartInfo(program, arguments)
            : new ProcessStartInfo("sh", ["-c", LogScript, "sh", log, program, .. arguments]);
        start.WorkingDirectory = workingDirectory ?? Repository.Root;
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        foreach (var variable in start.Environment.Keys.Where(IsForeign).ToList())
        {
            start.Environment.Remove(variable);
        }

        foreach (var (variable, value) in environment)
        {
            start.Environment[variable] = value;
        }

        try
        {
            return new ChildProcess(name, new Process { StartInfo = start });
        }
        catch (Win32Exception e)
        {
            throw new NotInstalledException($"{program} is not installed ({e.Message})");
        }
    }

    /// <summary>The next line of its standard output.</summary>
    /// <exception cref="VoidRunException">It ended instead.</exception>
    public async Task<string> ReadLineAsync(CancellationToken cancel)
    {
        while (await _lines.Reader.WaitToReadAsync(cancel))
        {
            if (_lines.Reader.TryRead(out var line))
            {
                return line;
            }
        }

        throw Ended();
    }

    public async Task WriteLineAsync(string line, CancellationToken cancel)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), cancel);
        await _process.StandardInput.FlushAsync(cancel);
    }

    /// <summary>The end of a process that should not have ended, with its last words.</summary>
    public VoidRunException Ended()
    {
        lock (_errors)
        {
            return new VoidRunException($"{_name} ended unexpectedly: {string.Join(" | ", _errors)}");
        }
    }

    public void Kill() => _process.Kill(entireProcessTree: true);

    public Task WaitForExitAsync(CancellationToken cancel) => _process.WaitForExitAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_process.HasExited)
            {
                ProcessSignals.Terminate(_process.Id);
            }

            using var patience = new CancellationTokenSource(Patience);
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or Win32Exception)
        {
            Kill();
        }

        _process.Dispose();
    }

    private static bool IsForeign(string variable) =>
        Array.Exists(Foreign, prefix => variable.StartsWith(prefix, StringComparison.Ordinal));

    private void Received(string? line)
    {
        if (line is null)
        {
            _lines.Writer.TryComplete();
        }
        else
        {
            _lines.Writer.TryWrite(line);
        }
    }

    private void Remember(string? line)
    {
        const int Most = 20;
        lock (_errors)
        {
            if (line is not null)
            {
                _errors.Enqueue(line);
            }

            if (_errors.Count > Most)
            {
                _errors.Dequeue();
            }
        }
    }
}
