using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Local.Tests.Processes;

/// <summary>An application of sample services under the orchestrator, on random ports, run by this process.</summary>
internal sealed class SampleApplication : IAsyncDisposable
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(3);

    private readonly CancellationTokenSource _limit =
        CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    private readonly Dictionary<string, string> _programs = new(StringComparer.Ordinal);
    private readonly ProjectFolder _plain = new("{}");
    private readonly LogLines _log = new();
    private DistributedApplication? _application;

    /// <param name="args">Settings of the AppHost, as <c>Name=value</c>.</param>
    public SampleApplication(params string[] args)
        : this(new DistributedApplicationOptions { DisableDashboard = true, Args = args })
    {
    }

    public SampleApplication(DistributedApplicationOptions options)
    {
        _limit.CancelAfter(TimeLimit);
        options.Args = ["DcpPublisher:RandomizePorts=true", .. options.Args ?? []];
        Builder = DistributedApplication.CreateBuilder(options);
        Builder.Services.AddSingleton(new ProjectOutputs(_programs));
        Builder.Services.AddSingleton<TimeProvider>(new FastClock());
        Builder.Services.AddSingleton<ILoggerProvider>(_log);
    }

    public IDistributedApplicationBuilder Builder { get; }

    /// <summary>Ends everything that takes longer than a minute.</summary>
    public CancellationToken Cancel => _limit.Token;

    public ResourceNotificationService Notifications => Application.ResourceNotifications;

    /// <summary>Warnings and errors that the AppHost has told.</summary>
    public IEnumerable<string> Complaints => _log.Lines;

    private DistributedApplication Application =>
        _application ?? throw new InvalidOperationException("The application has not started.");

    /// <summary>A service with a port and, if wanted, a health check.</summary>
    public IResourceBuilder<ProjectResource> AddService(string name, bool isChecked = true)
    {
        var service = Add(name, _plain, profile: null).WithHttpEndpoint();
        return isChecked ? service.WithHttpHealthCheck("/health") : service;
    }

    /// <summary>A job that ends at once.</summary>
    public IResourceBuilder<ProjectResource> AddJob(string name, int exitCode, string output = "") =>
        Add(name, _plain, profile: null)
            .WithEnvironment("SAMPLE_EXIT_CODE", exitCode.ToString(CultureInfo.InvariantCulture))
            .WithEnvironment("SAMPLE_OUTPUT", output);

    /// <summary>The sample with launch settings, by a profile's name, or with null by none.</summary>
    public IResourceBuilder<ProjectResource> Add(string name, ProjectFolder project, string? profile)
    {
        Know(project);
        return Builder.AddProject<ProjectFolder.Metadata>(name, profile);
    }

    /// <summary>The sample with launch settings and their default profile.</summary>
    public IResourceBuilder<ProjectResource> Add(string name, ProjectFolder project)
    {
        Know(project);
        return Builder.AddProject<ProjectFolder.Metadata>(name);
    }

    /// <summary>Says where the program of a project is, in place of where it is built to.</summary>
    public void Move(ProjectFolder project, string program) => _programs[project.ProjectPath] = program;

    public Task StartAsync()
    {
        _application = Builder.Build();
        return _application.StartAsync(Cancel);
    }

    public async Task<ExecuteCommandResult> CommandAsync(string replica, string command) =>
        await Application.ResourceCommands.ExecuteCommandAsync(replica, command, Cancel);

    public Task<ResourceEvent> WaitAsync(string name, Func<CustomResourceSnapshot, bool> condition) =>
        Notifications.WaitForResourceAsync(name, update => condition(update.Snapshot), Cancel);

    public Task WaitAsync(string name, string state) => Notifications.WaitForResourceAsync(name, state, Cancel);

    public CustomResourceSnapshot Snapshot(string replica) =>
        Notifications.TryGetCurrentState(replica, out var known)
            ? known.Snapshot
            : throw new InvalidOperationException($"Nothing is known of '{replica}'.");

    public int Pid(string replica) => (int)Snapshot(replica).Properties
        .Single(property => property.Name == "executable.pid").Value!;

    /// <summary>Where one replica itself listens, behind the shared port.</summary>
    public Uri OwnUrl(string replica) => new(Snapshot(replica).EnvironmentVariables
        .Single(variable => variable.Name == "ASPNETCORE_URLS").Value!);

    public static Uri PublicUrl(IResourceBuilder<ProjectResource> service) => new(service.GetEndpoint("http").Url);

    /// <summary>The variables that a process says it has.</summary>
    public async Task<IReadOnlyDictionary<string, string>> VariablesAsync(Uri service) =>
        (await GetAsync<Dictionary<string, string>>(service, "/variables"))!;

    /// <summary>Asks over a connection of its own, so that each question may reach another replica.</summary>
    public async Task<T?> GetAsync<T>(Uri service, string path)
    {
        using var client = new HttpClient { BaseAddress = service };
        return await client.GetFromJsonAsync<T>(path, JsonSerializerOptions.Web, Cancel);
    }

    public async Task PostAsync(Uri service, string path)
    {
        using var client = new HttpClient { BaseAddress = service };
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), content: null, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (_application is not null)
        {
            await _application.StopAsync(CancellationToken.None);
            await _application.DisposeAsync();
        }

        _plain.Dispose();
        _log.Dispose();
        _limit.Dispose();
    }

    private void Know(ProjectFolder project)
    {
        ProjectFolder.Current = project.ProjectPath;
        _programs.TryAdd(
            project.ProjectPath, ProjectFolder.Built("Aspire.Hosting.Local.Sample", "Aspire.Hosting.Local.Sample.dll"));
    }

    /// <summary>Lets thirty seconds pass in less than one, with real timers.</summary>
    private sealed class FastClock : TimeProvider
    {
        private const int Speed = 50;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime / Speed, period);
    }

    private sealed class LogLines : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = [];

        public IEnumerable<string> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                _lines.Enqueue(formatter(state, exception));
            }
        }

        public void Dispose()
        {
        }
    }
}
