using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dcp;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>
/// Makes each line that a process writes a line of the AppHost's log, in the category
/// <c>application.Resources.resource</c>: standard output as information, standard error as error.
/// </summary>
internal sealed class ResourceLogForwarder(
    ResourceNotificationService notifications,
    DcpHost dcp,
    IHostEnvironment environment,
    ILoggerFactory loggers) : BackgroundService
{
    private readonly ILogger _logger = loggers.CreateLogger<ResourceLogForwarder>();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var followed = new Dictionary<string, object>(StringComparer.Ordinal);

        await foreach (var update in notifications.WatchAsync(stoppingToken))
        {
            // A replica that starts again is another process, with a log of its own.
            var pid = update.Snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value;

            if (pid is not null && !pid.Equals(followed.GetValueOrDefault(update.ResourceId)))
            {
                followed[update.ResourceId] = pid;
                _ = ForwardAsync(update.Resource.Name, update.ResourceId, stoppingToken);
            }
        }
    }

    private Task ForwardAsync(string resource, string replica, CancellationToken cancel)
    {
        var logger = loggers.CreateLogger($"{environment.ApplicationName}.Resources.{resource}");
        var number = 0;

        return Task.WhenAll(
            ReadAsync("stdout", line => logger.LogInformation(
                "{LineNumber}: {LineContent}", Interlocked.Increment(ref number), line)),
            ReadAsync("stderr", line => logger.LogError(
                "{LineNumber}: {LineContent}", Interlocked.Increment(ref number), line)));

        async Task ReadAsync(string source, Action<string> forward)
        {
            try
            {
                await using var log = await dcp.Client.ReadLogAsync(replica, source, follow: true, cancel);
                using var lines = new StreamReader(log);

                while (await lines.ReadLineAsync(cancel) is { } line)
                {
                    forward(line);
                }
            }
            // The orchestrator ends, or the process makes room for its successor: there is no more to read.
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
                _logger.LogDebug(e, "The {Source} of {Replica} is not followed any more", source, replica);
            }
        }
    }
}
