using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class DistributedApplicationBuilderExtensions
{
    /// <summary>Takes up a resource that was added before, by its name.</summary>
    /// <exception cref="InvalidOperationException">There is none of that name and type.</exception>
    public static IResourceBuilder<T> CreateResourceBuilder<T>(
        this IDistributedApplicationBuilder builder, string name)
        where T : IResource
    {
        ArgumentException.ThrowIfNullOrEmpty(name);

        return builder.Resources.TryGetByName(name, out var resource)
            ? resource is T typed
                ? builder.CreateResourceBuilder(typed)
                : throw new InvalidOperationException(
                    $"Resource '{name}' of type '{resource.GetType()}' is not assignable to requested type "
                    + $"'{typeof(T).Name}'.")
            : throw new InvalidOperationException($"Resource '{name}' was not found.");
    }
}
