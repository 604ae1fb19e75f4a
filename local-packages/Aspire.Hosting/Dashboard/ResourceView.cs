using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard.Wire;
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
            view.StateStyle = state.Style ?? "";
        }

        view.Environment.AddRange(snapshot.EnvironmentVariables.Select(variable => new EnvironmentVariable
        {
            Name = variable.Name,
            Value = variable.Value ?? "",
            IsFromSpec = variable.IsFromSpec,
        }));
        view.Urls.AddRange(snapshot.Urls.Select(url => new Url
        {
            EndpointName = url.Name ?? "",
            FullUrl = url.Url,
            IsInternal = url.IsInternal,
            IsInactive = url.IsInactive,
            DisplayProperties = new()
            {
                DisplayName = url.DisplayProperties.DisplayName,
                SortOrder = url.DisplayProperties.SortOrder,
            },
        }));
        view.Relationships.AddRange(snapshot.Relationships.Select(relation => new ResourceRelationship
        {
            ResourceName = relation.ResourceName,
            Type = relation.Type,
        }));
        view.HealthReports.AddRange(snapshot.HealthReports.Select(Health));
        view.Properties.AddRange(Properties(update));
        view.Commands.AddRange(snapshot.Commands.Select(Command));
        return view;
    }

    /// <summary>How a command ended, as the dashboard wants to hear it.</summary>
    public static ResourceCommandResponse Of(ExecuteCommandResult result)
    {
        var response = new ResourceCommandResponse
        {
            Kind = result.Success ? ResourceCommandResponseKind.Succeeded
                : result.Canceled ? ResourceCommandResponseKind.Cancelled
                : ResourceCommandResponseKind.Failed,
        };

        if (result.Message is not null)
        {
            response.Message = result.Message;
        }

        if (result.Data is { } data)
        {
            response.Result = new()
            {
                Value = data.Value,
                Format = data.Format switch
                {
                    ApplicationModel.CommandResultFormat.Json => Wire.CommandResultFormat.Json,
                    ApplicationModel.CommandResultFormat.Markdown => Wire.CommandResultFormat.Markdown,
                    _ => Wire.CommandResultFormat.Text,
                },
                DisplayImmediately = data.DisplayImmediately,
            };
        }

        return response;
    }

    private static ResourceCommand Command(ResourceCommandSnapshot command) => new()
    {
        Name = command.Name,
        DisplayName = command.DisplayName,
        DisplayDescription = command.DisplayDescription ?? "",
        ConfirmationMessage = command.ConfirmationMessage ?? "",
        IconName = command.IconName ?? "",
        IconVariant = command.IconVariant == ApplicationModel.IconVariant.Filled
            ? Wire.IconVariant.Filled
            : Wire.IconVariant.Regular,
        IsHighlighted = command.IsHighlighted,
        State = command.State switch
        {
            ApplicationModel.ResourceCommandState.Enabled => Wire.ResourceCommandState.Enabled,
            ApplicationModel.ResourceCommandState.Disabled => Wire.ResourceCommandState.Disabled,
            _ => Wire.ResourceCommandState.Hidden,
        },
    };

    private static HealthReport Health(HealthReportSnapshot report)
    {
        var view = new HealthReport
        {
            Key = report.Name,
            Description = report.Description ?? "",
            Exception = report.ExceptionText ?? "",
            LastRunAt = Time(report.LastRunAt),
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

    /// <remarks>The details list only what is among the properties, so known facts are there a second time.</remarks>
    private static IEnumerable<ResourceProperty> Properties(ResourceEvent update)
    {
        var snapshot = update.Snapshot;
        ResourcePropertySnapshot[] facts =
        [
            new("resource.displayName", update.Resource.Name),
            new("resource.state", snapshot.State?.Text),
            new("resource.healthState", snapshot.HealthStatus?.ToString()),
            new("resource.startTime", snapshot.StartTimeStamp?.ToUniversalTime().ToString("O")),
            new("resource.stopTime", snapshot.StopTimeStamp?.ToUniversalTime().ToString("O")),
            new("resource.exitCode", snapshot.ExitCode),
        ];

        return snapshot.Properties.With(facts).Select(property => new ResourceProperty
        {
            Name = property.Name,
            IsSensitive = property.IsSensitive,
            IsHighlighted = property.Name == ResourceProperties.Reason,
            Value = property.Value switch
            {
                null => Value.ForNull(),
                int number => Value.ForNumber(number),
                IEnumerable<int> numbers => Value.ForList([.. numbers.Select(number => Value.ForNumber(number))]),
                IEnumerable<string> texts => Value.ForList([.. texts.Select(Value.ForString)]),
                var other => Value.ForString(Convert.ToString(other, CultureInfo.InvariantCulture) ?? ""),
            },
        });
    }

    private static Timestamp? Time(DateTime? time) => time?.ToUniversalTime().ToTimestamp();
}
