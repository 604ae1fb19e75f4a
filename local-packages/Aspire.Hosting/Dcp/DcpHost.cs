using System.Diagnostics;
using System.Globalization;

namespace Aspire.Hosting.Dcp;

/// <summary>
/// The orchestrator's process. It watches ours, and stops all it started when ours is gone, however that came.
/// </summary>
internal sealed class DcpHost : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeLimit = TimeSpan.FromSeconds(60);

    // Asked to stop while the orchestrator starts, we still want to reach it, to end it by its own means.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(3);

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

    /// <summary>Returns when the orchestrator answers. Cancelled, it may run all the same: stop it.</summary>
    /// <exception cref="DistributedApplicationException">It does not start.</exception>
    public async Task StartAsync(DcpBundle bundle, CancellationToken cancel)
    {
        using var limited = new CancellationTokenSource(StartTimeLimit);
        await using var stopping = cancel.Register(() => limited.CancelAfter(StopPatience));

        try
        {
            await LaunchAsync(bundle, limited.Token);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new DistributedApplicationException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Aspire's orchestrator did not answer within {StartTimeLimit.TotalSeconds} seconds."),
                e);
        }

        cancel.ThrowIfCancellationRequested();
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

        try
        {
            Directory.Delete(_session, recursive: true);
        }
        catch (IOException)
        {
            // The orchestrator deletes it at its end too, and may be doing so now.
        }

        return ValueTask.CompletedTask;
    }

    private async Task LaunchAsync(DcpBundle bundle, CancellationToken cancel)
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

        while (!DcpClient.TryRead(kubeconfig, out _client))
        {
            await Task.Delay(PollDelay, cancel);
        }
    }
}
