using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Orchestration;

/// <summary>Start, stop and restart: the commands of everything that is a process.</summary>
internal static class LifecycleCommands
{
    /// <summary>Adds the three commands, apart from those that the AppHost's author replaced.</summary>
    public static void AddTo(IResource resource)
    {
        Add(resource, KnownResourceCommands.StartCommand, "Start", "Starts the resource.", "Play", StartState,
            (processes, replica, cancel) => processes.StartAsync(resource, replica, cancel), "started");

        Add(resource, KnownResourceCommands.StopCommand, "Stop", "Stops the resource.", "Stop", StopState,
            (processes, replica, cancel) => processes.StopAsync(replica, cancel), "stopped");

        Add(resource, KnownResourceCommands.RestartCommand, "Restart", "Stops the resource and starts it again.",
            "ArrowCounterclockwise", RestartState,
            (processes, replica, cancel) => processes.RestartAsync(resource, replica, cancel), "restarted");
    }

    private static void Add(
        IResource resource,
        string name,
        string displayName,
        string description,
        string icon,
        Func<string?, ResourceCommandState> state,
        Func<ResourceProcesses, string, CancellationToken, Task> execute,
        string done)
    {
        if (resource.Annotations.OfType<ResourceCommandAnnotation>().Any(command => command.Name == name))
        {
            return;
        }

        resource.Annotations.Add(new ResourceCommandAnnotation(
            name,
            displayName,
            context => state(context.ResourceSnapshot.State?.Text),
            async context =>
            {
                var processes = context.ServiceProvider.GetRequiredService<ResourceProcesses>();
                await execute(processes, context.ResourceName, context.CancellationToken);
                return CommandResults.Success($"{context.ResourceName} has {done}.");
            },
            description,
            parameter: null,
            confirmationMessage: null,
            icon,
            icon == "ArrowCounterclockwise" ? IconVariant.Regular : IconVariant.Filled,
            isHighlighted: name != KnownResourceCommands.RestartCommand));
    }

    // While a start or stop is under way its button stays in place, disabled, so that a second click hits nothing.
    private static ResourceCommandState StartState(string? state) => state switch
    {
        null or "" => ResourceCommandState.Disabled,
        _ when state == KnownResourceStates.Starting => ResourceCommandState.Disabled,
        _ when IsStopped(state) || state == KnownResourceStates.Waiting => ResourceCommandState.Enabled,
        _ => ResourceCommandState.Hidden,
    };

    private static ResourceCommandState StopState(string? state) => state switch
    {
        null or "" => ResourceCommandState.Hidden,
        _ when state == KnownResourceStates.Stopping => ResourceCommandState.Disabled,
        _ when IsStopped(state) || state == KnownResourceStates.Starting || state == KnownResourceStates.Waiting =>
            ResourceCommandState.Hidden,
        _ => ResourceCommandState.Enabled,
    };

    private static ResourceCommandState RestartState(string? state) =>
        StopState(state) == ResourceCommandState.Enabled ? ResourceCommandState.Enabled : ResourceCommandState.Disabled;

    private static bool IsStopped(string state) =>
        state == KnownResourceStates.NotStarted || KnownResourceStates.IsTerminal(state);
}
