using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard.Wire;
using Aspire.Hosting.Dcp;
using Aspire.Hosting.Orchestration;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Dashboard;

/// <summary>
/// The console log of a replica: what its processes write, one after the other, and what the AppHost says of it, also
/// before and after there is a process. Each line begins with its time, by which the dashboard puts them in order.
/// </summary>
internal sealed class ConsoleLog(
    ResourceLoggerService consoles,
    ResourceNotificationService notifications,
    ProcessWatch processes,
    DcpHost dcp,
    ILogger<ConsoleLog> logger)
{
    private const int LinesPerBatch = 500;

    // Bounded: a service that writes faster than a browser reads is slowed here and not in memory.
    private const int OutstandingLines = 1000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The lines so far; with <paramref name="follow"/> all that come, for as long as one reads.</summary>
    public async IAsyncEnumerable<IReadOnlyList<ConsoleLogLine>> ReadAsync(
        string replica, bool follow, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var lines = Channel.CreateBounded<ConsoleLogLine>(OutstandingLines);
        var writing = CompleteAsync(
            lines.Writer,
            WriteOwnAsync(replica, follow, lines.Writer, left.Token),
            WriteProcessesAsync(replica, follow, lines.Writer, left.Token));
        var number = 0;

        try
        {
            while (await lines.Reader.WaitToReadAsync(cancel))
            {
                var batch = new List<ConsoleLogLine>();

                while (batch.Count < LinesPerBatch && lines.Reader.TryRead(out var line))
                {
                    line.LineNumber = ++number;
                    batch.Add(line);
                }

                yield return batch;
            }
        }
        finally
        {
            await left.CancelAsync();
            await writing;
        }
    }

    // The reader of the channel learns of a failure; whoever has stopped reading need not.
    private static async Task CompleteAsync(ChannelWriter<ConsoleLogLine> lines, params Task[] writers)
    {
        try
        {
            await Task.WhenAll(writers);
            lines.Complete();
        }
        catch (Exception e)
        {
            lines.TryComplete(e);
        }
    }

    private async Task WriteOwnAsync(
        string replica, bool follow, ChannelWriter<ConsoleLogLine> lines, CancellationToken cancel)
    {
        await foreach (var line in consoles.ReadAsync(replica, follow, cancel))
        {
            await lines.WriteAsync(new() { Text = line.Content, IsStdErr = line.IsErrorMessage }, cancel);
        }
    }

    private async Task WriteProcessesAsync(
        string replica, bool follow, ChannelWriter<ConsoleLogLine> lines, CancellationToken cancel)
    {
        var launch = processes.ReportedLaunch(replica);

        if (!follow)
        {
            await (launch is null ? Task.CompletedTask : WriteProcessAsync(replica, follow: false, lines, cancel));
            return;
        }

        while (true)
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var former = launch;
            var writing = former is null
                ? Task.CompletedTask
                : WriteProcessAsync(replica, follow: true, lines, over.Token);
            await notifications.WaitForResourceAsync(
                replica,
                _ => processes.ReportedLaunch(replica) is { } reported && reported != former,
                cancel);

            // The output of a process that never started has no end of its own.
            over.CancelAfter(Patience);
            await writing;
            launch = processes.ReportedLaunch(replica);
        }
    }

    private Task WriteProcessAsync(
        string replica, bool follow, ChannelWriter<ConsoleLogLine> lines, CancellationToken cancel) => Task.WhenAll(
            WriteProcessAsync(replica, "stdout", follow, lines, cancel),
            WriteProcessAsync(replica, "stderr", follow, lines, cancel));

    private async Task WriteProcessAsync(
        string replica, string source, bool follow, ChannelWriter<ConsoleLogLine> lines, CancellationToken cancel)
    {
        try
        {
            await using var log = await dcp.Client.ReadLogAsync(replica, source, follow, cancel);
            using var reader = new StreamReader(log);

            while (await reader.ReadLineAsync(cancel) is { } line)
            {
                await lines.WriteAsync(new() { Text = line, IsStdErr = source == "stderr" }, cancel);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // The process has made room for its successor, whose output comes next, or nobody reads any more.
            logger.LogDebug(e, "The {Source} of {Replica} is not read any more", source, replica);
        }
    }
}
