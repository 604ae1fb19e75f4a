using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard;

namespace Aspire.Hosting.Orchestration;

/// <summary>The arguments and variables that one replica starts with.</summary>
internal sealed record ProcessConfiguration(
    IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Variables)
{
    /// <summary>Which of the arguments carry a secret.</summary>
    public IReadOnlyList<bool> SecretArguments { get; private init; } = [];

    /// <summary>The arguments beside the program on the dashboard, the secret ones masked.</summary>
    public IEnumerable<ResourcePropertySnapshot> Shown()
    {
        var hasSecrets = SecretArguments.Contains(true);
        var sensitivity = SecretArguments.Select(isSecret => isSecret ? 1 : 0).ToArray();
        yield return new("resource.appArgs", Arguments) { IsSensitive = hasSecrets };
        yield return new("resource.appArgsSensitivity", sensitivity) { IsSensitive = hasSecrets };
    }

    public static async Task<ProcessConfiguration> BuildAsync(
        IResource resource,
        string replica,
        DashboardOptions dashboard,
        bool isDevelopment,
        DistributedApplicationExecutionContext execution,
        CancellationToken cancel)
    {
        var variables = new Dictionary<string, object>(StringComparer.Ordinal);

        if (resource is ProjectResource)
        {
            AddUrls(resource, variables);
            AddTelemetry(resource, replica, dashboard, isDevelopment, variables);
        }

        var context = new EnvironmentCallbackContext(execution, resource, variables, cancel);

        foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            await annotation.Callback(context);
        }

        var arguments = new List<object>();

        foreach (var annotation in resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>())
        {
            await annotation.Callback(new(arguments, cancel));
        }

        var texts = new Dictionary<string, string>(StringComparer.Ordinal);

        foreach (var (name, value) in variables)
        {
            texts[name] = await TextAsync(value, cancel);
        }

        return new(await Task.WhenAll(arguments.Select(argument => TextAsync(argument, cancel))), texts)
        {
            SecretArguments = [.. arguments.Select(IsSecret)],
        };
    }

    private static bool IsSecret(object argument) => argument switch
    {
        ParameterResource parameter => parameter.Secret,
        ReferenceExpression expression => expression.ValueProviders.Any(IsSecret),
        IResourceWithConnectionString => true,
        _ => false,
    };

    /// <summary>The name of the orchestrator's service that stands for an endpoint.</summary>
    public static string ServiceName(IResource resource, EndpointAnnotation endpoint) =>
        $"{resource.Name}-{endpoint.Name}".ToLowerInvariant();

    private static void AddUrls(IResource resource, Dictionary<string, object> variables)
    {
        var endpoints = resource.Annotations.OfType<EndpointAnnotation>().ToList();
        var urls = endpoints
            .Where(endpoint => endpoint.UriScheme is "http" or "https")
            .Select(endpoint => $"{endpoint.UriScheme}://localhost:{OwnPort(resource, endpoint)}")
            .ToList();

        if (urls.Count > 0)
        {
            variables["ASPNETCORE_URLS"] = string.Join(';', urls);
        }

        foreach (var endpoint in endpoints.Where(endpoint => endpoint.PortVariable is not null))
        {
            variables[endpoint.PortVariable!] = OwnPort(resource, endpoint);
        }
    }

    // Behind a proxy the orchestrator gives each process a port of its own, and puts it in place of this template.
    private static string OwnPort(IResource resource, EndpointAnnotation endpoint) => endpoint.IsProxied
        ? $"{{{{- portForServing \"{ServiceName(resource, endpoint)}\" -}}}}"
        : endpoint.AllocatedPort!.Value.ToString(CultureInfo.InvariantCulture);

    private static void AddTelemetry(
        IResource resource,
        string replica,
        DashboardOptions dashboard,
        bool isDevelopment,
        Dictionary<string, object> variables)
    {
        // Without a dashboard nothing listens, and exporters that try make a service slow to stop.
        if (!dashboard.IsEnabled)
        {
            return;
        }

        variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = dashboard.OtlpUrl;
        variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc";
        variables["OTEL_EXPORTER_OTLP_HEADERS"] = $"x-otlp-api-key={dashboard.OtlpApiKey}";
        variables["OTEL_SERVICE_NAME"] = resource.Name;
        variables["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={Replicas.Suffix(replica)}";

        // Telemetry shows at once, at a price that only development can pay.
        if (isDevelopment)
        {
            variables["OTEL_BLRP_SCHEDULE_DELAY"] = "1000";
            variables["OTEL_BSP_SCHEDULE_DELAY"] = "1000";
            variables["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";
            variables["OTEL_TRACES_SAMPLER"] = "always_on";
            variables["OTEL_METRICS_EXEMPLAR_FILTER"] = "trace_based";
        }
    }

    private static async Task<string> TextAsync(object value, CancellationToken cancel) => value switch
    {
        string text => text,
        IValueProvider provider => await provider.GetValueAsync(cancel) ?? "",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
