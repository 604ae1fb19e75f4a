namespace Aspire.Hosting.ApplicationModel;

/// <summary>The names of a resource's processes in this run: <c>worker-abcdefgh</c>.</summary>
internal sealed record ReplicaNamesAnnotation(IReadOnlyList<string> Names) : IResourceAnnotation;

internal static class Replicas
{
    private const int SuffixLength = 8;

    /// <summary>The names of its processes; its own name, when it has none.</summary>
    public static IReadOnlyList<string> ReplicaNames(this IResource resource) =>
        resource.Annotations.OfType<ReplicaNamesAnnotation>().LastOrDefault()?.Names ?? [resource.Name];

    public static void Assign(IResource resource)
    {
        var replicas = resource.Annotations.OfType<ReplicaAnnotation>().LastOrDefault()?.Replicas ?? 1;
        resource.Annotations.Add(new ReplicaNamesAnnotation(
            [.. Enumerable.Range(0, replicas).Select(_ => $"{resource.Name}-{RandomSuffix()}")]));
    }

    /// <summary>The random part of a replica's name.</summary>
    public static string Suffix(string replica) => replica[^SuffixLength..];

    private static string RandomSuffix() => System.Security.Cryptography.RandomNumberGenerator.GetString(
        "abcdefghijkmnpqrstuvwxyz", SuffixLength);
}
