using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Orchestration;

/// <summary>In which order resources stop: who waits for another at the start goes before it at the end.</summary>
internal static class StopOrder
{
    public static IEnumerable<IReadOnlyList<IResource>> Layers(IReadOnlyList<IResource> resources)
    {
        var left = resources.ToHashSet();

        while (left.Count > 0)
        {
            var needed = left.SelectMany(Dependencies).ToHashSet();
            var layer = left.Where(resource => !needed.Contains(resource)).ToList();

            // Resources that wait for each other have no order.
            layer = layer.Count > 0 ? layer : [.. left];
            left.ExceptWith(layer);
            yield return layer;
        }
    }

    private static IEnumerable<IResource> Dependencies(IResource resource) =>
        resource.Annotations.OfType<WaitAnnotation>().Select(wait => Process(wait.Resource));

    private static IResource Process(IResource resource) =>
        resource is IResourceWithParent child ? Process(child.Parent) : resource;
}
