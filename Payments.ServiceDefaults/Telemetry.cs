using System.Globalization;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Payments.ServiceDefaults;

/// <summary>Traces, metrics and logs, sent over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.</summary>
internal static class Telemetry
{
    private const string RatioSetting = "Telemetry:TraceRatio";
    private const double ProductionRatio = 0.01;

    // A star stands for the rest of the name. Own sources and meters are named for the service or the project.
    private static readonly string[] Sources =
        ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "Payments.*", "Recon.*"];

    // Of ASP.NET Core's meters those that tell an operator something. Routing, MemoryPool, Authentication and
    // Authorization measure several times a request what the request's duration by route says as well.
    private static readonly string[] Meters =
    [
        "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Diagnostics",
        "Microsoft.AspNetCore.RateLimiting", "Microsoft.AspNetCore.Http.Connections",
        "Microsoft.AspNetCore.Components*", "System.Net.Http", "System.Runtime", "Npgsql", "Payments.*", "Recon.*",
    ];

    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        AddLogging(builder);

        // In front of the application's own middleware, so that a span is named whatever answers the request.
        builder.Services.AddTransient<IStartupFilter, RequestSpans>();

        var telemetry = builder.Services.AddOpenTelemetry()
            .WithTracing(tracing => ConfigureTracing(tracing, builder))
            .WithMetrics(metrics => metrics.AddMeter(Meters));

        // The SDK reads OTEL_SERVICE_NAME by itself, and what is added here would win over it.
        if (builder.Configuration["OTEL_SERVICE_NAME"] is null)
        {
            telemetry.ConfigureResource(resource => resource.AddService(builder.Environment.ApplicationName));
        }

        if (!string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            telemetry.UseOtlpExporter().WithLogging(configureBuilder: null, logs =>
            {
                logs.IncludeFormattedMessage = true;
                logs.IncludeScopes = true;
            });
        }
    }

    private static void ConfigureTracing(TracerProviderBuilder tracing, IHostApplicationBuilder builder)
    {
        tracing.AddSource(Sources);

        // A sampler that is set in code hides the standard variable from the SDK.
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_TRACES_SAMPLER"]))
        {
            var newTraces = new KeepMarkedSampler(new TraceIdRatioBasedSampler(ReadRatio(builder)));
            tracing.SetSampler(new ParentBasedSampler(newTraces));
        }
    }

    private static double ReadRatio(IHostApplicationBuilder builder)
    {
        if (builder.Configuration[RatioSetting] is not { Length: > 0 } setting)
        {
            return builder.Environment.IsDevelopment() ? 1 : ProductionRatio;
        }

        return double.TryParse(setting, NumberStyles.Float, CultureInfo.InvariantCulture, out var ratio)
            && ratio is >= 0 and <= 1
            ? ratio
            : throw new InvalidOperationException($"'{RatioSetting}' must be a number from 0 to 1, not '{setting}'.");
    }

    private static void AddLogging(IHostApplicationBuilder builder)
    {
        builder.Configuration.Sources.Insert(0, QuietByDefault());

        builder.Logging.Configure(options =>
            options.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);

        if (builder.Environment.IsDevelopment())
        {
            builder.Logging.AddConsole(options => options.FormatterName = ReadableConsole.FormatterName);
            builder.Logging.AddConsoleFormatter<ReadableConsole, ConsoleFormatterOptions>();
        }
        else
        {
            builder.Logging.AddJsonConsole(options =>
            {
                options.IncludeScopes = true;
                options.UseUtcTimestamp = true;
                options.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
    }

    // The lowest of all configuration sources: normal operation is quiet, and any setting overrides it.
    private static MemoryConfigurationSource QuietByDefault() => new()
    {
        InitialData = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Logging:LogLevel:Default"] = "Information",
            ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
            ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = "Warning",
            ["Logging:LogLevel:Npgsql"] = "Warning",
            ["Logging:LogLevel:Polly"] = "Warning",
            ["Logging:LogLevel:System.Net.Http.HttpClient"] = "Warning",
        },
    };
}
