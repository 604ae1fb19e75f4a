using System.Runtime.CompilerServices;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dcp;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>
/// Makes each line of a resource's console log a line of the AppHost's log, in the category
/// <c>application.Resources.resource</c>: standard output as information, standard error as error.
/// </summary>
internal sealed class ResourceLogForwarder(
    ResourceNotificationService notifications,
    ResourceLoggerService notes,
    DcpHost dcp,
    IHostEnvironment environment,
    ILoggerFactory loggers) : BackgroundService
{
    private readonly ILogger _logger = loggers.CreateLogger<ResourceLogForwarder>();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var logs = new Dictionary<string, Log>(StringComparer.Ordinal);

        await foreach (var update in notifications.WatchAsync(stoppingToken))
        {
            if (!logs.TryGetValue(update.ResourceId, out var log))
            {
                var category = $"{environment.ApplicationName}.Resources.{update.Resource.Name}";
                log = logs[update.ResourceId] = new(loggers.CreateLogger(category));
                _ = FollowAsync(update.ResourceId, NotesAsync(update.ResourceId, stoppingToken), log);
            }

            // A replica that starts again is another process, with an output of its own.
            var pid = update.Snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value;

            if (pid is not null && !pid.Equals(log.Process))
            {
                log.Process = pid;
                _ = FollowAsync(update.ResourceId, OutputAsync(update.ResourceId, "stdout", stoppingToken), log);
                _ = FollowAsync(update.ResourceId, OutputAsync(update.ResourceId, "stderr", stoppingToken), log);
            }
        }
    }

    private async Task FollowAsync(string replica, IAsyncEnumerable<LogLine> lines, Log log)
    {
        try
        {
            await foreach (var line in lines)
            {
                log.Add(line);
            }
        }
        // The orchestrator ends, or the process makes room for its successor: there is no more to read.
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            _logger.LogDebug(e, "{Replica} is not followed any more", replica);
        }
    }

    private async IAsyncEnumerable<LogLine> NotesAsync(
        string replica, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var note in notes.ReadAsync(replica, follow: true, cancel))
        {
            yield return new(0, note.Content, note.IsErrorMessage);
        }
    }

    private async IAsyncEnumerable<LogLine> OutputAsync(
        string replica, string source, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var output = await dcp.Client.ReadLogAsync(replica, source, follow: true, cancel);
        using var lines = new StreamReader(output);

        while (await lines.ReadLineAsync(cancel) is { } line)
        {
            yield return new(0, line, source == "stderr");
        }
    }

    private sealed class Log(ILogger logger)
    {
        private int _lines;

        /// <summary>The process whose output is followed.</summary>
        public object? Process { get; set; }

        public void Add(LogLine line) => logger.Log(
            line.IsErrorMessage ? LogLevel.Error : LogLevel.Information,
            "{LineNumber}: {LineContent}",
            Interlocked.Increment(ref _lines),
            line.Content);
    }
}
