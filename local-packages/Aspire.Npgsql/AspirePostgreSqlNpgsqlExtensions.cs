using Aspire.Npgsql;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Microsoft.Extensions.Hosting;

/// <summary>Adds PostgreSQL to a service.</summary>
public static class AspirePostgreSqlNpgsqlExtensions
{
    private const string SettingsSection = "Aspire:Npgsql";
    private const string HealthCheckName = "PostgreSql";
    private const string TelemetryName = "Npgsql";

    /// <summary>
    /// Registers one <see cref="NpgsqlDataSource"/> for <c>ConnectionStrings:{connectionName}</c>, with its health
    /// check, traces and metrics.
    /// </summary>
    /// <remarks>
    /// A missing connection string is an <see cref="InvalidOperationException"/> when the data source is first
    /// asked for, so that it is logged like every other failure at start.
    /// </remarks>
    public static void AddNpgsqlDataSource(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<NpgsqlSettings>? configureSettings = null,
        Action<NpgsqlDataSourceBuilder>? configureDataSourceBuilder = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);

        var settings = ReadSettings(builder.Configuration, connectionName);
        configureSettings?.Invoke(settings);

        builder.Services.TryAddSingleton(services =>
        {
            RequireConnectionString(settings, connectionName);
            var source = new NpgsqlDataSourceBuilder(settings.ConnectionString);
            source.UseLoggerFactory(services.GetService<ILoggerFactory>());
            configureDataSourceBuilder?.Invoke(source);
            return source.Build();
        });

        AddHealthCheck(builder.Services, settings);

        if (!settings.DisableTracing)
        {
            builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource(TelemetryName));
        }

        if (!settings.DisableMetrics)
        {
            builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter(TelemetryName));
        }
    }

    private static NpgsqlSettings ReadSettings(IConfiguration configuration, string connectionName)
    {
        var settings = new NpgsqlSettings();
        var section = configuration.GetSection(SettingsSection);
        section.Bind(settings);
        section.GetSection(connectionName).Bind(settings);

        if (configuration.GetConnectionString(connectionName) is { } connectionString)
        {
            settings.ConnectionString = connectionString;
        }

        return settings;
    }

    private static void RequireConnectionString(NpgsqlSettings settings, string connectionName)
    {
        if (string.IsNullOrWhiteSpace(settings.ConnectionString))
        {
            throw new InvalidOperationException(
                $"There is no connection string for '{connectionName}'. Set 'ConnectionStrings:{connectionName}' " +
                $"(environment: ConnectionStrings__{connectionName}), or '{SettingsSection}:ConnectionString'.");
        }
    }

    private static void AddHealthCheck(IServiceCollection services, NpgsqlSettings settings)
    {
        if (settings.DisableHealthChecks)
        {
            return;
        }

        services.AddHealthChecks();
        services.Configure<HealthCheckServiceOptions>(options =>
        {
            if (options.Registrations.All(check => check.Name != HealthCheckName))
            {
                options.Registrations.Add(new HealthCheckRegistration(
                    HealthCheckName,
                    services => new ServerAnswers(services.GetRequiredService<NpgsqlDataSource>()),
                    failureStatus: null,
                    tags: null));
            }
        });
    }
}
