using System.Diagnostics;

namespace Aspire.Hosting.Dcp;

/// <summary>
/// The orchestrator's process. It watches ours, and stops all it started when ours is gone, however that came.
/// </summary>
internal sealed class DcpHost : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PollDelay = TimeSpan.FromMilliseconds(25);

    // What describes the AppHost's own start must not reach its children.
    private static readonly string[] NotInherited =
    [
        "ASPNETCORE_URLS", "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "DOTNET_LAUNCH_PROFILE",
    ];

    private readonly string _session = Path.Combine(Path.GetTempPath(), $"aspire-{Guid.CreateVersion7():N}");
    private DcpClient? _client;

    public DcpClient Client => _client ?? throw new InvalidOperationException("The orchestrator has not started.");

    public bool HasStarted => _client is not null;

    public async Task StartAsync(DcpBundle bundle, CancellationToken cancel)
    {
        Directory.CreateDirectory(_session);
        var kubeconfig = Path.Combine(_session, "kubeconfig");
        var command = new ProcessStartInfo(
            bundle.DcpProgram,
            ["start-apiserver", "--monitor", $"{Environment.ProcessId}", "--detach", "--kubeconfig", kubeconfig])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DCP_SESSION_FOLDER"] = _session },
        };

        foreach (var variable in NotInherited)
        {
            command.Environment.Remove(variable);
        }

        using var starter = Process.Start(command)!;
        await starter.WaitForExitAsync(cancel);

        if (starter.ExitCode != 0)
        {
            throw new DistributedApplicationException(
                $"Aspire's orchestrator did not start: {(await starter.StandardError.ReadToEndAsync(cancel)).Trim()}");
        }

        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limited.CancelAfter(StartTimeLimit);

        while (!DcpClient.TryRead(kubeconfig, out _client))
        {
            await Task.Delay(PollDelay, limited.Token);
        }
    }

    /// <summary>Ends the orchestrator with all that still runs under it, and waits until it is gone.</summary>
    public async Task StopAsync(CancellationToken cancel)
    {
        if (_client is null)
        {
            return;
        }

        await _client.StopServerAsync(cancel);

        while (await _client.AnswersAsync(cancel))
        {
            await Task.Delay(PollDelay, cancel);
        }
    }

    public ValueTask DisposeAsync()
    {
        _client?.Dispose();
        return ValueTask.CompletedTask;
    }
}
