using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;

namespace Payments.ServiceDefaults.Metrics;

/// <summary>Settings of the management listener, under <c>Management</c>.</summary>
internal sealed class ManagementOptions
{
    /// <summary>False serves no metrics, and spares measuring them.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>The IP address to listen on. It asks for no credential: mind who can reach it.</summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>0 lets the system choose a free port, which is logged; replicas on one machine never collide.</summary>
    public int Port { get; set; }
}

internal static class ManagementSetup
{
    public static void AddManagementListener(this IHostApplicationBuilder builder)
    {
        var section = builder.Configuration.GetSection("Management");

        if (!section.GetValue(nameof(ManagementOptions.Enabled), defaultValue: true))
        {
            return;
        }

        builder.Services.AddOptions<ManagementOptions>()
            .Bind(section)
            .Validate(
                options => IPAddress.TryParse(options.Address, out _),
                "'Management:Address' must be an IP address, such as 127.0.0.1 or 0.0.0.0.")
            .Validate(
                options => options.Port is >= IPEndPoint.MinPort and <= IPEndPoint.MaxPort,
                "'Management:Port' must be from 0 to 65535.")
            .ValidateOnStart();

        builder.Services.AddSingleton<PrometheusExporter>();
        builder.Services.AddSingleton(services => new ManagementListener(
            services.GetRequiredService<IOptions<ManagementOptions>>(),
            services.GetRequiredService<PrometheusExporter>(),
            services.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddHostedService(services => services.GetRequiredService<ManagementListener>());

        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddReader(
            services => new BaseExportingMetricReader(services.GetRequiredService<PrometheusExporter>())));
    }
}
