namespace Aspire.Hosting.ApplicationModel;

/// <summary>
/// What follows from a resource's description and its state: which commands can be given, which links lead somewhere,
/// and to what it is related.
/// </summary>
internal static class DerivedFacts
{
    public static CustomResourceSnapshot AddTo(
        CustomResourceSnapshot snapshot, IResource resource, IServiceProvider services)
    {
        var context = new UpdateCommandStateContext { ResourceSnapshot = snapshot, ServiceProvider = services };

        return snapshot with
        {
            Commands = [.. resource.Annotations.OfType<ResourceCommandAnnotation>()
                .Select(command => Command(command, context))],
            Relationships = [.. Relationships(resource).Distinct()],
            Urls = [.. Urls(resource, isInactive: snapshot.State?.Text != KnownResourceStates.Running)],
        };
    }

    private static ResourceCommandSnapshot Command(
        ResourceCommandAnnotation command, UpdateCommandStateContext context) => new(
            command.Name,
            command.UpdateState(context),
            command.DisplayName,
            command.DisplayDescription,
            Parameter: null,
            command.ConfirmationMessage,
            command.IconName,
            command.IconVariant,
            command.IsHighlighted);

    private static IEnumerable<RelationshipSnapshot> Relationships(IResource resource)
    {
        if (resource is IResourceWithParent child)
        {
            yield return new(child.Parent.Name, "Parent");
        }

        foreach (var relation in resource.Annotations.OfType<ResourceRelationshipAnnotation>())
        {
            yield return new(relation.Resource.Name, relation.Type);
        }
    }

    private static IEnumerable<UrlSnapshot> Urls(IResource resource, bool isInactive)
    {
        if (resource is not IResourceWithEndpoints owner)
        {
            yield break;
        }

        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>()
            .Where(endpoint => endpoint.AllocatedPort is not null))
        {
            var reference = new EndpointReference(owner, endpoint.Name);
            var url = new ResourceUrlAnnotation { Url = reference.Url, Endpoint = reference };

            foreach (var change in resource.Annotations.OfType<UrlForEndpointAnnotation>()
                .Where(change => change.EndpointName == endpoint.Name))
            {
                change.Callback(url);
            }

            yield return new(
                endpoint.Name,
                url.Url.StartsWith('/') ? reference.Url + url.Url : url.Url,
                IsInternal: url.DisplayLocation == UrlDisplayLocation.DetailsOnly)
            {
                IsInactive = isInactive,
                DisplayProperties = new(url.DisplayText ?? ""),
            };
        }
    }
}
