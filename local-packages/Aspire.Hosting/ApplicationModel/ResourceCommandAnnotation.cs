using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Something a person, or a test, can ask of each replica of a resource.</summary>
public sealed class ResourceCommandAnnotation(
    string name,
    string displayName,
    Func<UpdateCommandStateContext, ResourceCommandState> updateState,
    Func<ExecuteCommandContext, Task<ExecuteCommandResult>> executeCommand,
    string? displayDescription,
    object? parameter,
    string? confirmationMessage,
    string? iconName,
    IconVariant? iconVariant,
    bool isHighlighted) : IResourceAnnotation
{
    public string Name => name;

    public string DisplayName => displayName;

    /// <summary>Says whether the command can be given, each time the resource's state changes.</summary>
    public Func<UpdateCommandStateContext, ResourceCommandState> UpdateState => updateState;

    public Func<ExecuteCommandContext, Task<ExecuteCommandResult>> ExecuteCommand => executeCommand;

    public string? DisplayDescription => displayDescription;

    [Obsolete("The real package keeps it for commands of old.")]
    public object? Parameter => parameter;

    /// <summary>The question that a person must answer with yes first.</summary>
    public string? ConfirmationMessage => confirmationMessage;

    /// <summary>The name of a FluentUI icon.</summary>
    public string? IconName => iconName;

    public IconVariant? IconVariant => iconVariant;

    /// <summary>Whether it is a button of its own, and not an entry of the menu.</summary>
    public bool IsHighlighted => isHighlighted;
}

public enum IconVariant
{
    Regular = 0,
    Filled = 1,
}

public enum ResourceCommandState
{
    Enabled = 0,
    Disabled = 1,
    Hidden = 2,
}

public sealed class UpdateCommandStateContext
{
    public required CustomResourceSnapshot ResourceSnapshot { get; init; }

    public required IServiceProvider ServiceProvider { get; init; }
}

public sealed class ExecuteCommandContext
{
    public required IServiceProvider ServiceProvider { get; init; }

    /// <summary>The replica that is meant, such as <c>worker-abcdefgh</c>.</summary>
    public required string ResourceName { get; init; }

    public required CancellationToken CancellationToken { get; init; }

    /// <summary>Writes into the console log of the replica.</summary>
    public required ILogger Logger { get; init; }
}
