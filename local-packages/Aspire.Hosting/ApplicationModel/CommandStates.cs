using System.Collections.Immutable;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Which commands can be given to a resource in a state.</summary>
internal static class CommandStates
{
    public static ImmutableArray<ResourceCommandSnapshot> Of(
        IResource resource, CustomResourceSnapshot snapshot, IServiceProvider services)
    {
        var context = new UpdateCommandStateContext { ResourceSnapshot = snapshot, ServiceProvider = services };

        return
        [
            .. resource.Annotations.OfType<ResourceCommandAnnotation>().Select(command => new ResourceCommandSnapshot(
                command.Name,
                command.UpdateState(context),
                command.DisplayName,
                command.DisplayDescription,
                Parameter: null,
                command.ConfirmationMessage,
                command.IconName,
                command.IconVariant,
                command.IsHighlighted)),
        ];
    }
}
