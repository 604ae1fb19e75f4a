using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Local.Tests.Processes;

/// <summary>What running services have been told by variables.</summary>
public sealed class ServiceVariableTests(ServiceVariableTests.Services services)
    : IClassFixture<ServiceVariableTests.Services>
{
    private const string Password = "p@ss:wörd";

    private static readonly string[] DevelopmentTelemetry =
    [
        "OTEL_BLRP_SCHEDULE_DELAY", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_METRIC_EXPORT_INTERVAL",
        "OTEL_METRICS_EXEMPLAR_FILTER", "OTEL_TRACES_SAMPLER",
    ];

    private readonly IReadOnlyDictionary<string, string> _variables = services.OfWeb;

    [Fact]
    public void Every_variable_of_a_reference_is_there()
    {
        var port = services.Server.PrimaryEndpoint.Port;
        var api = services.Api.GetEndpoint("http").Url;
        var escaped = Uri.EscapeDataString(Password);

        Assert.Equal(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["BOOKS_API_HTTP"] = api,
                ["BOOKS_DB_DATABASENAME"] = "books",
                ["BOOKS_DB_HOST"] = "localhost",
                ["BOOKS_DB_JDBCCONNECTIONSTRING"] = $"jdbc:postgresql://localhost:{port}/books",
                ["BOOKS_DB_PASSWORD"] = Password,
                ["BOOKS_DB_PORT"] = $"{port}",
                ["BOOKS_DB_URI"] = $"postgresql://postgres:{escaped}@localhost:{port}/books",
                ["BOOKS_DB_USERNAME"] = "postgres",
                ["ConnectionStrings__books-db"] =
                    $"Host=localhost;Port={port};Username=postgres;Password={Password};Database=books",
                ["services__books-api__http__0"] = api,
            },
            _variables
                .Where(variable => variable.Key.Contains("BOOKS", StringComparison.OrdinalIgnoreCase))
                .ToDictionary(StringComparer.Ordinal));
        Assert.DoesNotMatch("/$", api);
    }

    [Fact]
    public async Task Telemetry_goes_to_the_dashboard_under_the_resources_name_and_each_replicas_own_id()
    {
        Assert.Equal("web", _variables["OTEL_SERVICE_NAME"]);
        Assert.Equal("grpc", _variables["OTEL_EXPORTER_OTLP_PROTOCOL"]);
        Assert.StartsWith("http://localhost:", _variables["OTEL_EXPORTER_OTLP_ENDPOINT"], StringComparison.Ordinal);
        Assert.Matches("^x-otlp-api-key=[0-9a-f]{32}$", _variables["OTEL_EXPORTER_OTLP_HEADERS"]);
        Assert.Equal(
            ["1000", "1000", "1000", "trace_based", "always_on"],
            DevelopmentTelemetry.Select(name => _variables[name]));

        foreach (var id in services.Api.Resource.ReplicaNames())
        {
            var variables = await services.Application.VariablesAsync(services.Application.OwnUrl(id));
            Assert.Equal($"service.instance.id={id["books-api-".Length..]}", variables["OTEL_RESOURCE_ATTRIBUTES"]);
        }
    }

    [Fact]
    public async Task Each_replica_listens_on_a_random_port_of_its_own()
    {
        var urls = new List<string>();

        foreach (var id in services.Api.Resource.ReplicaNames())
        {
            urls.Add((await services.Application.VariablesAsync(services.Application.OwnUrl(id)))["ASPNETCORE_URLS"]);
        }

        Assert.All(urls, url => Assert.Matches("^http://localhost:[0-9]+$", url));
        Assert.Equal(3, urls.Append(services.Api.GetEndpoint("http").Url).Distinct(StringComparer.Ordinal).Count());
    }

    /// <summary>With the dashboard, in Development: then nothing of the table is left out.</summary>
    public sealed class Services : IAsyncLifetime
    {
        private readonly IResourceBuilder<ProjectResource> _web;

        public Services()
        {
            var password = Application.Builder.AddParameter("password", Password, secret: true);
            var server = Application.Builder.AddPostgres("postgres", password: password).WithExplicitStart();
            Server = server.Resource;
            Api = Application.AddService("books-api").WithReplicas(2);
            _web = Application.AddService("web")
                .WithReference(Api)
                .WithReference(server.AddDatabase("books-db", "books"));
        }

        internal SampleApplication Application { get; } = new(
            new DistributedApplicationOptions { Args = ["environment=Development"] });

        public IResourceBuilder<ProjectResource> Api { get; }

        public PostgresServerResource Server { get; }

        /// <summary>The variables of the service that refers to the others.</summary>
        public IReadOnlyDictionary<string, string> OfWeb { get; private set; } =
            new Dictionary<string, string>(StringComparer.Ordinal);

        public async ValueTask InitializeAsync()
        {
            await Application.StartAsync();
            OfWeb = await Application.VariablesAsync(SampleApplication.PublicUrl(_web));
        }

        public ValueTask DisposeAsync() => Application.DisposeAsync();
    }
}
