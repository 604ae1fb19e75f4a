using System.Diagnostics;
using Payments.Testing;
using Payments.Testing.Faults;

namespace Recon.Worker.Tests;

/// <summary>The worker as a process of its own, which can be killed.</summary>
internal sealed class WorkerProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly Task<string> _output;

    private WorkerProgram(Process process)
    {
        _process = process;
        (_errors, _output) = (process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
    }

    public static WorkerProgram Start(TestDatabase database, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Recon.Worker.dll")])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment =
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
                ["ConnectionStrings__payments"] = database.AppConnectionString,
                ["Management__Port"] = "0",
            },
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new WorkerProgram(Process.Start(start)!);
    }

    /// <summary>Ends it at once, as a crash of the machine would.</summary>
    public async Task KillAsync()
    {
        ProcessSignals.Kill(_process.Id);
        await _process.WaitForExitAsync();
    }

    /// <summary>Waits for its end; what it said then is in both streams.</summary>
    public async Task<(int Code, string Errors, string Output)> EndAsync(CancellationToken cancel)
    {
        await _process.WaitForExitAsync(cancel);
        return (_process.ExitCode, await _errors, await _output);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }
}
