using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard;
using Aspire.Hosting.Dashboard.Wire;
using Aspire.Hosting.Dcp;
using Aspire.Hosting.Orchestration;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Local.Tests.Dashboard;

/// <summary>What the Resources page shows of each kind of resource.</summary>
public sealed class ResourceViewTests : IDisposable
{
    private static readonly DateTime Noon = new(2026, 1, 2, 12, 0, 0, DateTimeKind.Utc);

    private readonly ProjectFolder _project = new("""
        { "profiles": { "http": { "commandName": "Project", "applicationUrl": "http://localhost:41301" } } }
        """);

    private readonly DistributedApplicationBuilder _builder = new([]);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _project.Dispose();

    [Fact]
    public async Task A_running_project_is_shown_with_its_process_source_link_health_and_environment()
    {
        var api = AddProject("api").WithHttpHealthCheck("/health");
        await using var application = _builder.Build();
        api.GetEndpoint("http").EndpointAnnotation.AllocatedPort = 41302;

        var view = await ReportedAsync(
            application, api.Resource, "Running", new() { Pid = 77, StartupTimestamp = Noon });

        Assert.Equal(
            ("api", "Project", "Running", ""), (view.DisplayName, view.ResourceType, view.State, view.StateStyle));
        Assert.Equal(api.Resource.ReplicaNames()[0], view.Name);
        Assert.Equal((Noon, null), (view.StartedAt.ToDateTime(), view.StoppedAt));
        Assert.Equal(_project.ProjectPath, Property(view, "project.path").StringValue);
        Assert.Equal("http", Property(view, "project.launchProfile").StringValue);
        Assert.Equal(77, Property(view, "executable.pid").NumberValue);
        Assert.Equal(
            ["api", "Running", "Unhealthy", "2026-01-02T12:00:00.0000000Z"],
            new[] { "displayName", "state", "healthState", "startTime" }
                .Select(fact => Property(view, $"resource.{fact}").StringValue));
        Assert.Equal(
            new Url { EndpointName = "http", FullUrl = "http://localhost:41302", DisplayProperties = new() },
            Assert.Single(view.Urls));
        Assert.Equal(
            [("GIVEN", "1", true), ("INHERITED", "2", false)],
            view.Environment.Select(one => (one.Name, one.Value, one.IsFromSpec)));
        Assert.Equal("api_http_/health_200_check", Assert.Single(view.HealthReports).Key);
    }

    [Fact]
    public async Task A_check_that_has_not_been_made_has_no_status_and_one_that_has_says_when_and_why()
    {
        var api = AddProject("api").WithHttpHealthCheck("/health");
        await using var application = _builder.Build();
        var view = await ReportedAsync(application, api.Resource, "Running", new());
        Assert.False(Assert.Single(view.HealthReports).HasStatus);

        await application.ResourceNotifications.PublishUpdateAsync(api.Resource, snapshot => snapshot with
        {
            HealthReports = [new("check", Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Degraded, "Slow.",
                "Timeout.") { LastRunAt = Noon }],
        });

        Assert.Equal(
            new Hosting.Dashboard.Wire.HealthReport
            {
                Key = "check",
                Status = Hosting.Dashboard.Wire.HealthStatus.Degraded,
                Description = "Slow.",
                Exception = "Timeout.",
                LastRunAt = Noon.ToTimestamp(),
            },
            Assert.Single(View(application, "api").HealthReports));
    }

    [Fact]
    public async Task A_link_can_be_named_lead_to_a_path_and_be_kept_to_the_details()
    {
        var web = AddProject("web").WithUrlForEndpoint("http", url =>
        {
            url.DisplayText = "Screens";
            url.Url = "/accounts";
            url.DisplayLocation = UrlDisplayLocation.DetailsOnly;
        });
        await using var application = _builder.Build();
        web.GetEndpoint("http").EndpointAnnotation.AllocatedPort = 41303;

        var view = await ReportedAsync(application, web.Resource, "Running", new());

        Assert.Equal(
            new Url
            {
                EndpointName = "http",
                FullUrl = "http://localhost:41303/accounts",
                IsInternal = true,
                DisplayProperties = new() { DisplayName = "Screens" },
            },
            Assert.Single(view.Urls));
    }

    [Theory]
    [InlineData("Running", 0, "", true)]
    [InlineData("Finished", 0, "", false)]
    [InlineData("Finished", 1, "error", false)]
    [InlineData("FailedToStart", null, "error", false)]
    public async Task The_style_and_the_links_follow_the_state(string state, int? exitCode, string style, bool hasLinks)
    {
        var api = AddProject("api");
        await using var application = _builder.Build();
        api.GetEndpoint("http").EndpointAnnotation.AllocatedPort = 41304;

        var view = await ReportedAsync(
            application, api.Resource, state, new() { ExitCode = exitCode, FinishTimestamp = Noon });

        Assert.Equal((state, style), (view.State, view.StateStyle));
        Assert.Equal(!hasLinks, Assert.Single(view.Urls).IsInactive);
        var shownCode = view.Properties.FirstOrDefault(one => one.Name == "resource.exitCode")?.Value.NumberValue;
        Assert.Equal(exitCode, (int?)shownCode);
    }

    [Fact]
    public async Task A_start_leaves_nothing_of_the_former_process()
    {
        var api = AddProject("api");
        await using var application = _builder.Build();
        await ReportedAsync(
            application, api.Resource, "Finished", new() { ExitCode = 1, Pid = 5, FinishTimestamp = Noon });

        await application.ResourceNotifications.PublishUpdateAsync(
            api.Resource, snapshot => ProcessSnapshots.Starting(snapshot, api.Resource));

        var view = View(application, "api");
        Assert.Equal(("Starting", ""), (view.State, view.StateStyle));
        Assert.Null(view.StoppedAt);
        Assert.Empty(view.Environment);
        Assert.DoesNotContain(view.Properties, one => one.Name is "resource.exitCode" or "executable.pid");
    }

    [Fact]
    public async Task A_resource_that_cannot_start_shows_the_reason_and_has_it_in_its_console_log()
    {
        var api = AddProject("api");
        await using var application = _builder.Build();
        var replica = api.Resource.ReplicaNames()[0];

        await application.Services.GetRequiredService<FailureReports>()
            .CannotStartAsync(api.Resource, replica, "There is no program.");

        var view = View(application, "api");
        var reason = view.Properties.Single(one => one.Name == "Reason");
        Assert.Equal(("FailedToStart", "error"), (view.State, view.StateStyle));
        Assert.Equal(("There is no program.", true), (reason.Value.StringValue, reason.IsHighlighted));
        var log = await application.Services.GetRequiredService<ResourceLoggerService>()
            .ReadAsync(replica, follow: false, Cancel).ToListAsync(Cancel);
        Assert.EndsWith(" Cannot start: There is no program.", Assert.Single(log).Content, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_parameter_is_shown_with_its_value_which_is_masked_when_it_is_a_secret(bool secret)
    {
        var parameter = _builder.AddParameter("password", "s3cret", secret: secret);
        await using var application = _builder.Build();

        await PublishValueAsync(application, parameter.Resource);

        var view = View(application, "password");
        var value = view.Properties.Single(one => one.Name == "Value");
        Assert.Equal(("Parameter", "Running"), (view.ResourceType, view.State));
        Assert.Equal("Parameters:password", Property(view, "resource.source").StringValue);
        Assert.Equal(("s3cret", secret), (value.Value.StringValue, value.IsSensitive));
        Assert.Empty(view.Commands);
    }

    [Fact]
    public async Task A_parameter_without_a_value_says_which_setting_is_missing()
    {
        var parameter = _builder.AddParameter("password", secret: true);
        await using var application = _builder.Build();

        await PublishValueAsync(application, parameter.Resource);

        var view = View(application, "password");
        Assert.Equal(("ValueMissing", "warning"), (view.State, view.StateStyle));
        Assert.Contains(
            "'Parameters:password' is missing", Property(view, "Reason").StringValue, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_string_is_masked_and_related_to_all_that_is_in_it()
    {
        var password = _builder.AddParameter("password", "s3cret", secret: true);
        var server = _builder.AddPostgres("postgres", password: password);
        var own = _builder.AddConnectionString("books", ReferenceExpression.Create(
            $"Host={server.Resource.Host};Password={password}"));
        await using var application = _builder.Build();

        await PublishValueAsync(application, own.Resource);

        var view = View(application, "books");
        var value = view.Properties.Single(one => one.Name == "resource.connectionString");
        Assert.Equal(("Host=localhost;Password=s3cret", true), (value.Value.StringValue, value.IsSensitive));
        Assert.Equal(
            [("postgres", "Reference"), ("password", "Reference")],
            view.Relationships.Select(relation => (relation.ResourceName, relation.Type)));
    }

    [Fact]
    public async Task A_project_is_related_to_what_it_refers_to_and_waits_for()
    {
        var password = _builder.AddParameter("password", "s3cret", secret: true);
        var database = _builder.AddPostgres("postgres", password: password).AddDatabase("payments");
        var api = AddProject("api").WithReference(database).WithEnvironment("PASSWORD", password).WaitFor(database);
        await using var application = _builder.Build();

        var view = await ReportedAsync(application, api.Resource, "Running", new());

        Assert.Equal(
            [("payments", "Reference"), ("password", "Reference"), ("payments", "WaitFor")],
            view.Relationships.Select(relation => (relation.ResourceName, relation.Type)));
    }

    [Fact]
    public async Task A_database_stands_below_its_server_and_fares_as_it_does()
    {
        var server = _builder.AddPostgres("postgres");
        var database = server.AddDatabase("payments");
        Replicas.Assign(server.Resource);
        server.Resource.PrimaryEndpoint.EndpointAnnotation.AllocatedPort = 41305;
        await using var application = _builder.Build();
        var values = application.Services.GetRequiredService<ValueResources>();
        await values.StartAsync(Cancel);

        await PublishValueAsync(application, database.Resource);
        var waiting = View(application, "payments");
        Assert.Equal("Waiting", waiting.State);
        Assert.Equal("postgres", Assert.Single(Property(waiting, "resource.waitingFor").ListValue.Values).StringValue);
        Assert.Equal(server.Resource.ReplicaNames()[0], Property(waiting, "resource.parentName").StringValue);
        Assert.Equal("Parent", Assert.Single(waiting.Relationships).Type);

        await PublishAsync(application, server.Resource, KnownResourceStates.Running, isReady: true);
        await application.ResourceNotifications.WaitForResourceAsync("payments", KnownResourceStates.Running, Cancel);
        Assert.True(View(application, "payments").Properties.Single(
            one => one.Name == "resource.connectionString").IsSensitive);

        await PublishAsync(application, server.Resource, KnownResourceStates.FailedToStart, isReady: false);
        await application.ResourceNotifications.WaitForResourceAsync(
            "payments", KnownResourceStates.FailedToStart, Cancel);
        await values.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_resource_that_waits_names_what_it_still_waits_for()
    {
        var first = AddProject("first");
        var second = AddProject("second");
        var api = AddProject("api").WaitFor(first).WaitFor(second);
        await using var application = _builder.Build();
        var waiting = application.ResourceNotifications.WaitForDependenciesAsync(api.Resource, Cancel);
        Assert.Equal(["first", "second"], WaitingFor(application));

        await PublishAsync(application, first.Resource, KnownResourceStates.Running, isReady: true);
        await application.ResourceNotifications.WaitForResourceAsync(
            "api", _ => WaitingFor(application) is ["second"], Cancel);
        await PublishAsync(application, second.Resource, KnownResourceStates.Running, isReady: true);
        await waiting;

        Assert.Empty(WaitingFor(application));
    }

    [Fact]
    public async Task The_arguments_beside_the_program_are_shown_and_secret_ones_are_masked()
    {
        var password = _builder.AddParameter("password", "s3cret", secret: true);
        var api = AddProject("api").WithArgs("migrate");
        api.WithAnnotation(new CommandLineArgsCallbackAnnotation(context =>
        {
            context.Args.Add(password.Resource);
            return Task.CompletedTask;
        }));
        await using var application = _builder.Build();
        var configuration = await ProcessConfiguration.BuildAsync(
            api.Resource,
            "api-abcdefgh",
            application.Services.GetRequiredService<DashboardOptions>(),
            isDevelopment: true,
            _builder.ExecutionContext,
            Cancel);

        await application.ResourceNotifications.PublishUpdateAsync(
            api.Resource, snapshot => snapshot with { Properties = [.. configuration.Shown()] });

        var view = View(application, "api");
        Assert.Equal(["migrate", "s3cret"], Texts(Property(view, "resource.appArgs")));
        Assert.Equal(["0", "1"], Texts(Property(view, "resource.appArgsSensitivity")));
        Assert.All(
            view.Properties.Where(property => property.Name.StartsWith("resource.appArgs", StringComparison.Ordinal)),
            property => Assert.True(property.IsSensitive));
    }

    [Fact]
    public async Task A_command_is_shown_with_its_icon_question_and_description()
    {
        var api = AddProject("api").WithCommand("fill", "Fill", _ => Task.FromResult(CommandResults.Success()), new()
        {
            Description = "Fills it.",
            ConfirmationMessage = "Fill it?",
            IconName = "Drop",
            IconVariant = ApplicationModel.IconVariant.Filled,
            IsHighlighted = true,
            UpdateState = _ => ApplicationModel.ResourceCommandState.Disabled,
        });
        await using var application = _builder.Build();

        var view = await ReportedAsync(application, api.Resource, "Running", new());

        Assert.Equal(
            new ResourceCommand
            {
                Name = "fill",
                DisplayName = "Fill",
                DisplayDescription = "Fills it.",
                ConfirmationMessage = "Fill it?",
                IconName = "Drop",
                IconVariant = Hosting.Dashboard.Wire.IconVariant.Filled,
                IsHighlighted = true,
                State = Hosting.Dashboard.Wire.ResourceCommandState.Disabled,
            },
            Assert.Single(view.Commands));
    }

    private IResourceBuilder<ProjectResource> AddProject(string name)
    {
        ProjectFolder.Current = _project.ProjectPath;
        var project = _builder.AddProject<ProjectFolder.Metadata>(name, "http");
        Replicas.Assign(project.Resource);
        return project;
    }

    private static async Task<Hosting.Dashboard.Wire.Resource> ReportedAsync(
        DistributedApplication application, IResource resource, string state, ExecutableStatus status)
    {
        var spec = new ExecutableSpec("dotnet", "/") { Env = [new("GIVEN", "1")] };
        var reported = status with { EffectiveEnv = [new("INHERITED", "2"), new("GIVEN", "1")] };
        await application.ResourceNotifications.PublishUpdateAsync(
            resource, snapshot => ProcessSnapshots.Reported(snapshot, state, spec, reported));
        return View(application, resource.Name);
    }

    private static Task PublishAsync(
        DistributedApplication application, IResource resource, string state, bool isReady) =>
        application.ResourceNotifications.PublishUpdateAsync(
            resource, snapshot => snapshot with { State = state, IsReady = isReady });

    private static Task PublishValueAsync(DistributedApplication application, IResource resource) =>
        application.Services.GetRequiredService<ValueResources>().PublishAsync(resource, Cancel);

    private static Hosting.Dashboard.Wire.Resource View(DistributedApplication application, string name)
    {
        Assert.True(application.ResourceNotifications.TryGetCurrentState(name, out var current));
        return ResourceView.Of(current);
    }

    private static Value Property(Hosting.Dashboard.Wire.Resource view, string name) =>
        view.Properties.Single(property => property.Name == name).Value;

    private static IReadOnlyList<string> WaitingFor(DistributedApplication application) =>
    [
        .. View(application, "api").Properties.Where(property => property.Name == "resource.waitingFor")
            .SelectMany(property => Texts(property.Value)),
    ];

    private static IEnumerable<string> Texts(Value list) => list.ListValue.Values.Select(value =>
        value.HasStringValue ? value.StringValue : value.NumberValue.ToString(CultureInfo.InvariantCulture));
}
