using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dcp;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Orchestration;

/// <summary>
/// Says why a resource cannot start or has ended badly: in the AppHost's log, in the resource's console log, and, when
/// it never ran, as its reason on the dashboard.
/// </summary>
internal sealed class FailureReports(
    DcpHost dcp,
    ResourceNotificationService notifications,
    ResourceLoggerService consoles,
    ILogger<DistributedApplication> logger)
{
    private const int LogTailLines = 20;

    private static readonly TimeSpan LogTimeLimit = TimeSpan.FromSeconds(5);

    /// <summary>Publishes that one replica cannot start.</summary>
    public async Task CannotStartAsync(IResource resource, string replica, string reason)
    {
        logger.LogError("{Resource} cannot start: {Reason}", resource.Name, reason);
        consoles.GetLogger(replica).LogError("Cannot start: {Reason}", reason);
        await notifications.PublishUpdateAsync(resource, replica, snapshot => snapshot with
        {
            State = new(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error),
            Properties = snapshot.Properties.With(new ResourcePropertySnapshot(ResourceProperties.Reason, reason)),
        });
    }

    /// <summary>Reports a process that the orchestrator could not start, with its reason.</summary>
    public async Task NotStartedAsync(IResource resource, string replica, string program, CancellationToken cancel)
    {
        var lines = await ReadAsync(replica, "system", cancel);
        var reason = lines.Select(Error).FirstOrDefault(error => error is not null);
        await CannotStartAsync(
            resource, replica, $"'{program}' was not started: {reason ?? "the orchestrator gave no reason"}.");
    }

    /// <summary>Reports a process that ended with an exit code other than 0, and shows its last output.</summary>
    public async Task EndedAsync(string replica, int? exitCode, CancellationToken cancel)
    {
        consoles.GetLogger(replica).LogError("The process ended with exit code {ExitCode}.", exitCode);
        var output = await Task.WhenAll(ReadAsync(replica, "stdout", cancel), ReadAsync(replica, "stderr", cancel));
        logger.LogError(
            "{Replica} ended with exit code {ExitCode}. Its last output:\n{Output}",
            replica, exitCode, string.Join('\n', output.SelectMany(lines => lines)));
    }

    private async Task<IReadOnlyList<string>> ReadAsync(string replica, string source, CancellationToken cancel)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limited.CancelAfter(LogTimeLimit);
        return await dcp.Client.ReadLastLinesAsync(replica, source, LogTailLines, limited.Token);
    }

    // One line of the orchestrator's own log, in columns parted by tabs; the last is JSON:
    //   2026-11-21T08:27:03.409Z  error  ExecutableReconciler  Failed to start a process  {"error": "no such file"}
    private static string? Error(string line)
    {
        if (line.Split('\t') is not [.., "error", _, _, var details])
        {
            return null;
        }

        using var document = JsonDocument.Parse(details);
        return document.RootElement.TryGetProperty("error", out var error) ? error.GetString() : null;
    }
}
