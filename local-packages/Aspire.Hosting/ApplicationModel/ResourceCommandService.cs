using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Gives commands to resources. However a command ends, that is its result: nothing is thrown.</summary>
public class ResourceCommandService
{
    private readonly ResourceNotificationService _notifications;
    private readonly ResourceLoggerService _loggers;
    private readonly IServiceProvider _services;

    internal ResourceCommandService(
        ResourceNotificationService notifications, ResourceLoggerService loggers, IServiceProvider services)
    {
        _notifications = notifications;
        _loggers = loggers;
        _services = services;
    }

    /// <summary>Gives a command to one replica, or to the resource of that name when it has one only.</summary>
    public async Task<ExecuteCommandResult> ExecuteCommandAsync(
        string resourceId, string commandName, CancellationToken cancellationToken = default) =>
        _notifications.TryGetCurrentState(resourceId, out var state)
            ? await ExecuteAsync(state.Resource, state.ResourceId, commandName, cancellationToken)
            : CommandResults.Failure(_notifications.ReplicasCalled(resourceId) is { Count: > 1 } replicas
                ? $"Resource '{resourceId}' has replicas; the command is for one: {string.Join(", ", replicas)}."
                : $"Resource '{resourceId}' not found.");

    /// <summary>Gives a command to every replica at once; fails when one fails.</summary>
    public async Task<ExecuteCommandResult> ExecuteCommandAsync(
        IResource resource, string commandName, CancellationToken cancellationToken = default)
    {
        var names = resource.ReplicaNames();
        var results = await Task.WhenAll(
            names.Select(name => ExecuteAsync(resource, name, commandName, cancellationToken)));

        if (results.Length == 1)
        {
            return results[0];
        }

        var failures = names.Zip(results).Where(one => one.Second is { Success: false, Canceled: false }).ToList();

        if (failures.Count > 0)
        {
            return CommandResults.Failure($"{failures.Count} of {names.Count} replicas failed: "
                + string.Join(" ", failures.Select(one => $"{one.First}: {one.Second.Message}")));
        }

        return results.Any(result => result.Canceled)
            ? CommandResults.Canceled()
            : new() { Success = true, Data = results.FirstOrDefault(result => result.Data is not null)?.Data };
    }

    private async Task<ExecuteCommandResult> ExecuteAsync(
        IResource resource, string replica, string commandName, CancellationToken cancel)
    {
        var command = resource.Annotations.OfType<ResourceCommandAnnotation>()
            .FirstOrDefault(one => string.Equals(one.Name, commandName, StringComparison.OrdinalIgnoreCase));

        if (command is null)
        {
            return CommandResults.Failure($"Command '{commandName}' not available for resource '{replica}'.");
        }

        var logger = _loggers.GetLogger(replica);
        logger.LogInformation("Executing command '{Command}'.", command.Name);

        try
        {
            var result = await command.ExecuteCommand(new()
            {
                ResourceName = replica,
                ServiceProvider = _services,
                CancellationToken = cancel,
                Logger = logger,
            });

            logger.Log(
                result is { Success: false, Canceled: false } ? LogLevel.Error : LogLevel.Information,
                "Command '{Command}' {Outcome}. {Message}",
                command.Name,
                result.Success ? "succeeded" : result.Canceled ? "was canceled" : "failed",
                result.Message);
            return result;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            logger.LogInformation("Command '{Command}' was canceled.", command.Name);
            return CommandResults.Canceled();
        }
        // A command is the application author's code: whatever it throws is told to the person who gave it.
        catch (Exception e)
        {
            logger.LogError(e, "Command '{Command}' failed.", command.Name);
            return CommandResults.Failure(e);
        }
    }
}
