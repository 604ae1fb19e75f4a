using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard.Wire;
using Aspire.Hosting.Orchestration;
using Google.Protobuf.WellKnownTypes;
using HealthStatus = Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus;

namespace Aspire.Hosting.Dashboard;

/// <summary>A resource's state as the dashboard wants to see it.</summary>
internal static class ResourceView
{
    /// <remarks>The dashboard shows nothing when a creation time or a URL's display properties are missing.</remarks>
    public static Wire.Resource Of(ResourceEvent update)
    {
        var snapshot = update.Snapshot;
        var view = new Wire.Resource
        {
            Name = update.ResourceId,
            Uid = update.ResourceId,
            DisplayName = update.Resource.Name,
            ResourceType = snapshot.ResourceType,
            IsHidden = snapshot.IsHidden,
            SupportsDetailedTelemetry = true,
            CreatedAt = Time(snapshot.CreationTimeStamp),
            StartedAt = Time(snapshot.StartTimeStamp),
            StoppedAt = Time(snapshot.StopTimeStamp),
        };

        if (snapshot.State is { } state)
        {
            view.State = state.Text;
        }

        view.Environment.AddRange(snapshot.EnvironmentVariables.Select(variable => new EnvironmentVariable
        {
            Name = variable.Name,
            Value = variable.Value ?? "",
            IsFromSpec = variable.IsFromSpec,
        }));
        view.Urls.AddRange(update.Resource.Annotations.OfType<EndpointAnnotation>()
            .Where(endpoint => endpoint.AllocatedPort is not null)
            .Select(endpoint => new Url
            {
                EndpointName = endpoint.Name,
                FullUrl = string.Create(
                    CultureInfo.InvariantCulture, $"{endpoint.UriScheme}://localhost:{endpoint.AllocatedPort}"),
                DisplayProperties = new(),
            }));
        view.HealthReports.AddRange(snapshot.HealthReports.Select(Health));
        view.Relationships.AddRange(update.Resource.Annotations.OfType<ResourceRelationshipAnnotation>()
            .Select(relation => new ResourceRelationship
            {
                ResourceName = relation.Resource.Name,
                Type = relation.Type,
            }));
        view.Properties.AddRange(Properties(snapshot));
        view.Commands.AddRange(ResourceProcesses.IsProcess(update.Resource) ? Commands(snapshot.State?.Text) : []);
        return view;
    }

    private static IEnumerable<ResourceCommand> Commands(string? state)
    {
        var canStart = state == KnownResourceStates.NotStarted || KnownResourceStates.IsTerminal(state);
        var canStop = state == KnownResourceStates.Running;

        yield return Command(ResourceProcesses.StartCommand, "Start", "Play", canStart);
        yield return Command(ResourceProcesses.StopCommand, "Stop", "Stop", canStop);
        yield return Command(ResourceProcesses.RestartCommand, "Restart", "ArrowCounterclockwise", canStop);
    }

    private static ResourceCommand Command(string name, string displayName, string icon, bool isPossible) => new()
    {
        Name = name,
        DisplayName = displayName,
        IconName = icon,
        IsHighlighted = name != ResourceProcesses.RestartCommand,
        State = isPossible ? ResourceCommandState.Enabled : ResourceCommandState.Hidden,
    };

    private static HealthReport Health(HealthReportSnapshot report)
    {
        var view = new HealthReport
        {
            Key = report.Name,
            Description = report.Description ?? "",
            Exception = report.ExceptionText ?? "",
        };

        if (report.Status is { } status)
        {
            view.Status = status switch
            {
                HealthStatus.Healthy => Wire.HealthStatus.Healthy,
                HealthStatus.Degraded => Wire.HealthStatus.Degraded,
                _ => Wire.HealthStatus.Unhealthy,
            };
        }

        return view;
    }

    private static IEnumerable<ResourceProperty> Properties(CustomResourceSnapshot snapshot)
    {
        ResourcePropertySnapshot[] exit = snapshot.ExitCode is { } code ? [new("resource.exitCode", code)] : [];

        return snapshot.Properties.Concat(exit).Select(property => new ResourceProperty
        {
            Name = property.Name,
            IsSensitive = property.IsSensitive,
            Value = property.Value switch
            {
                null => Value.ForNull(),
                int number => Value.ForNumber(number),
                IEnumerable<string> texts => Value.ForList([.. texts.Select(Value.ForString)]),
                var other => Value.ForString(Convert.ToString(other, CultureInfo.InvariantCulture) ?? ""),
            },
        });
    }

    private static Timestamp? Time(DateTime? time) => time?.ToUniversalTime().ToTimestamp();
}
