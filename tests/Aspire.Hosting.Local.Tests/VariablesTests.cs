using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard;
using Aspire.Hosting.Orchestration;

namespace Aspire.Hosting.Local.Tests;

/// <summary>What reaches a service as variables and arguments.</summary>
public sealed class VariablesTests : IDisposable
{
    private readonly ProjectFolder _project = new("""
        {
          // Comments are allowed here.
          "profiles": {
            "browser": { "commandName": "Executable" },
            "http": {
              "commandName": "Project",
              "applicationUrl": "http://localhost:41201",
              "environmentVariables": { "ASPNETCORE_ENVIRONMENT": "Development" }
            },
            "quiet": { "commandName": "Project", "environmentVariables": { "QUIET": "yes" } },
          }
        }
        """);

    private readonly DistributedApplicationBuilder _builder = new([]);

    public void Dispose() => _project.Dispose();

    [Fact]
    public async Task A_project_takes_urls_and_variables_from_its_first_project_profile()
    {
        var api = AddProject("api");

        var variables = await VariablesAsync(api.Resource);

        Assert.Equal("Development", variables["ASPNETCORE_ENVIRONMENT"]);
        Assert.Equal("http", variables["DOTNET_LAUNCH_PROFILE"]);
        Assert.Equal("http://localhost:{{- portForServing \"api-http\" -}}", variables["ASPNETCORE_URLS"]);
        Assert.Equal(41201, api.GetEndpoint("http").EndpointAnnotation.Port);
    }

    [Fact]
    public async Task A_named_profile_without_urls_gives_no_endpoint()
    {
        var job = AddProject("job", "quiet");

        var variables = await VariablesAsync(job.Resource);

        Assert.Equal("yes", variables["QUIET"]);
        Assert.False(variables.ContainsKey("ASPNETCORE_URLS"));
        Assert.False(job.GetEndpoint("http").Exists);
    }

    [Fact]
    public async Task A_reference_to_a_project_tells_where_it_is_for_service_discovery()
    {
        var api = AddProject("payments-api");
        var web = AddProject("web").WithReference(api);
        api.GetEndpoint("http").EndpointAnnotation.AllocatedPort = 41202;

        var variables = await VariablesAsync(web.Resource);

        Assert.Equal("http://localhost:41202", variables["services__payments-api__http__0"]);
        Assert.Equal("http://localhost:41202", variables["PAYMENTS_API_HTTP"]);
    }

    [Fact]
    public async Task A_reference_to_a_database_gives_its_connection_string_and_its_parts()
    {
        var password = _builder.AddParameter("password", "s3cret", secret: true);
        var server = _builder.AddPostgres("postgres", password: password);
        var migrate = AddProject("migrate").WithReference(server.AddDatabase("payments", "books"));
        server.Resource.PrimaryEndpoint.EndpointAnnotation.AllocatedPort = 41203;

        var variables = await VariablesAsync(migrate.Resource);

        Assert.Equal(
            "Host=localhost;Port=41203;Username=postgres;Password=s3cret;Database=books",
            variables["ConnectionStrings__payments"]);
        Assert.Equal(
            ["books", "localhost", "s3cret", "41203", "postgres"],
            [variables["PAYMENTS_DATABASENAME"], variables["PAYMENTS_HOST"], variables["PAYMENTS_PASSWORD"],
                variables["PAYMENTS_PORT"], variables["PAYMENTS_USERNAME"]]);
    }

    [Fact]
    public async Task A_text_with_an_endpoint_in_it_is_put_together_when_the_port_is_known()
    {
        var api = AddProject("api");
        var web = AddProject("web").WithEnvironment("EVENTS", $"{api.GetEndpoint("http")}/events");
        api.GetEndpoint("http").EndpointAnnotation.AllocatedPort = 41204;

        var variables = await VariablesAsync(web.Resource);

        Assert.Equal("http://localhost:41204/events", variables["EVENTS"]);
    }

    [Fact]
    public async Task A_connection_string_of_ones_own_is_given_under_the_chosen_name()
    {
        var password = _builder.AddParameter("password", "s3cret", secret: true);
        var own = _builder.AddConnectionString(
            "payments-app", ReferenceExpression.Create($"Username=payments_app;Password={password};Braces={{}}"));
        var api = AddProject("api").WithReference(own, connectionName: "payments");

        var variables = await VariablesAsync(api.Resource);

        Assert.Equal("Username=payments_app;Password=s3cret;Braces={}", variables["ConnectionStrings__payments"]);
    }

    [Fact]
    public async Task Telemetry_goes_to_the_dashboard_with_the_replicas_own_id()
    {
        var api = AddProject("api").WithArgs("migrate");
        var dashboard = DashboardOptions.From(_builder.Configuration, isDisabled: false);

        var configuration = await ProcessConfiguration.BuildAsync(
            api.Resource, "api-abcdefgh", dashboard, isDevelopment: true, _builder.ExecutionContext,
            TestContext.Current.CancellationToken);

        Assert.Equal(dashboard.OtlpUrl, configuration.Variables["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        Assert.Equal("api", configuration.Variables["OTEL_SERVICE_NAME"]);
        Assert.Equal("service.instance.id=abcdefgh", configuration.Variables["OTEL_RESOURCE_ATTRIBUTES"]);
        Assert.Equal(["migrate"], configuration.Arguments);
    }

    [Fact]
    public async Task Without_a_dashboard_no_service_is_told_of_one()
    {
        var variables = await VariablesAsync(AddProject("api").Resource);

        Assert.DoesNotContain(variables.Keys, name => name.StartsWith("OTEL_", StringComparison.Ordinal));
    }

    private IResourceBuilder<ProjectResource> AddProject(string name, string? profile = "http")
    {
        ProjectFolder.Current = _project.ProjectPath;
        return _builder.AddProject<ProjectFolder.Metadata>(name, profile);
    }

    private async Task<IReadOnlyDictionary<string, string>> VariablesAsync(IResource resource)
    {
        var dashboard = DashboardOptions.From(_builder.Configuration, isDisabled: true);
        var configuration = await ProcessConfiguration.BuildAsync(
            resource, "one-abcdefgh", dashboard, isDevelopment: true, _builder.ExecutionContext,
            TestContext.Current.CancellationToken);
        return configuration.Variables;
    }
}
