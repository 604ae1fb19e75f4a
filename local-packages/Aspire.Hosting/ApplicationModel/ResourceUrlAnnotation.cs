namespace Aspire.Hosting.ApplicationModel;

/// <summary>A link to a resource, as the dashboard shows it.</summary>
public sealed class ResourceUrlAnnotation : IResourceAnnotation
{
    public required string Url { get; set; }

    /// <summary>What the link is called; without it, the URL itself.</summary>
    public string? DisplayText { get; set; }

    public EndpointReference? Endpoint { get; init; }

    public UrlDisplayLocation DisplayLocation { get; set; }
}

public enum UrlDisplayLocation
{
    SummaryAndDetails = 0,
    DetailsOnly = 1,
}

/// <summary>Changes the link of one endpoint, once its port is known.</summary>
internal sealed record UrlForEndpointAnnotation(string EndpointName, Action<ResourceUrlAnnotation> Callback)
    : IResourceAnnotation;
