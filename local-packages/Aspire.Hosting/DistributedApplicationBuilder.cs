using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard;
using Aspire.Hosting.Dcp;
using Aspire.Hosting.Orchestration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>Collects the resources, on top of an ordinary host.</summary>
public class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    /// <summary>The setting that makes data directories end with the application, also those of data volumes.</summary>
    internal const string ThrowawayVolumesKey = "LocalEdition:ThrowawayVolumes";

    private readonly HostApplicationBuilder _host;

    public DistributedApplicationBuilder(string[] args)
        : this(new DistributedApplicationOptions { Args = args })
    {
    }

    public DistributedApplicationBuilder(DistributedApplicationOptions options)
    {
        Mistakes.TellInOneSentence();
        var settings = new HostApplicationBuilderSettings { Args = options.Args };
        EntryPointObserver.Current?.OnConstructing(options, settings);

        AppHostAssembly = options.AssemblyName is { } name ? Assembly.Load(name) : Assembly.GetEntryAssembly();
        AppHostDirectory = DirectoryOf(AppHostAssembly) ?? Directory.GetCurrentDirectory();
        settings.ContentRootPath ??= AppHostDirectory;
        settings.ApplicationName ??= AppHostAssembly?.GetName().Name;
        _host = Host.CreateApplicationBuilder(settings);

        // What these say, we say ourselves: a reason not to start in one sentence, and health as a resource's state.
        _host.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
        _host.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        _host.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        _host.Services.AddHealthChecks();

        _host.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        _host.Services.AddSingleton(services => new ResourceNotificationService(TimeProvider.System, services)
        {
            WaitsForUnavailable = !options.DisableDashboard,
        });
        _host.Services.AddSingleton(new ResourceLoggerService(TimeProvider.System));
        _host.Services.AddSingleton(services => new ResourceCommandService(
            services.GetRequiredService<ResourceNotificationService>(),
            services.GetRequiredService<ResourceLoggerService>(),
            services));
        _host.Services.AddSingleton<IResourceCollection>(Resources);
        _host.Services.AddSingleton(ExecutionContext);
        _host.Services.AddSingleton(services => DashboardOptions.From(
            services.GetRequiredService<IConfiguration>(), options.DisableDashboard));
        _host.Services.AddSingleton(TimeProvider.System);
        _host.Services.AddSingleton(_ => ProjectOutputs.Of(AppHostAssembly));
        _host.Services.AddSingleton<DcpHost>();
        _host.Services.AddSingleton<HealthMonitor>();
        _host.Services.AddSingleton<FailureReports>();
        _host.Services.AddSingleton<ProcessWatch>();
        _host.Services.AddSingleton<ResourceProcesses>();
        _host.Services.AddSingleton<ValueResources>();
        _host.Services.AddSingleton<ConsoleLog>();
        _host.Services.AddSingleton<ResourceService>();

        // Before the orchestrator: it is to see the first line of the first resource.
        if (options.EnableResourceLogging)
        {
            _host.Services.AddHostedService<ResourceLogForwarder>();
        }

        _host.Services.AddHostedService(services => services.GetRequiredService<ValueResources>());
        _host.Services.AddHostedService<Orchestrator>();
    }

    public ConfigurationManager Configuration => _host.Configuration;

    public string AppHostDirectory { get; }

    public Assembly? AppHostAssembly { get; }

    public IHostEnvironment Environment => _host.Environment;

    public IServiceCollection Services => _host.Services;

    public DistributedApplicationExecutionContext ExecutionContext { get; } = new(DistributedApplicationOperation.Run);

    public IResourceCollection Resources { get; } = new ResourceCollection();

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        Resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource => new ResourceBuilder<T>(this, resource);

    public DistributedApplication Build()
    {
        var observer = EntryPointObserver.Current;
        observer?.OnBuilding(this);
        var host = _host.Build();
        return new(observer?.OnBuilt(host) ?? host);
    }

    /// <summary>Where the AppHost's project is, as its build has noted.</summary>
    internal static string? DirectoryOf(Assembly? appHost) => appHost?
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .FirstOrDefault(metadata => metadata.Key == "AppHostDirectory")?.Value;
}
