using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tidy.Tests;

/// <summary>
/// The files of <c>deploy/</c> set what the services read, ask where they answer, and agree with one another.
/// </summary>
public sealed partial class DeploymentTests
{
    // What the framework, the OpenTelemetry SDK and Npgsql read by themselves.
    private static readonly string[] ReadByLibraries =
    [
        "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "ASPNETCORE_FORWARDEDHEADERS_ENABLED",
        "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "PGPASSWORD", "PGGSSENCMODE",
    ];

    // Lets callers in without a key, and is refused in production.
    private static readonly string[] DevelopmentOnly = ["Auth__LoopbackAsDeveloper"];

    // A collector within the cluster wants no key; one outside of it needs an overlay.
    private static readonly string[] ComposeOnly = ["OTEL_EXPORTER_OTLP_HEADERS"];

    // How long the host waits for what has begun.
    private const int HostPatienceSeconds = 30;

    public static TheoryData<string> YamlFiles =>
        [.. Repository.Paths.Where(path => path.StartsWith("deploy/", StringComparison.Ordinal)
            && Path.GetExtension(path) is ".yaml" or ".yml")];

    public static TheoryData<string> Services => [.. Deployment.Projects.Keys];

    private static IReadOnlyDictionary<string, DeployedService> Compose { get; } = Deployment.ReadCompose();

    private static IReadOnlyDictionary<string, DeployedService> Manifests { get; } = Deployment.ReadManifests();

    [Theory]
    [MemberData(nameof(YamlFiles))]
    public void A_file_is_yaml(string path) => Assert.NotEmpty(Deployment.Parse(Deployment.Text(path)));

    [Fact]
    public void Both_deploy_every_service()
    {
        Assert.Equal(Deployment.Projects.Keys.Order(), Compose.Keys.Order());
        Assert.Equal(Deployment.Projects.Keys.Order(), Manifests.Keys.Order());
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void A_service_gets_only_variables_that_it_reads(string service)
    {
        var sources = Deployment.SourcesOf(service);

        Assert.Equal([], Compose[service].Variables.Keys.Concat(Manifests[service].Variables.Keys)
            .Where(name => !IsRead(name, sources)));
    }

    [Theory]
    [InlineData("web", "Audit__SigningKeyFile", false)]
    [InlineData("worker", "Audit__SigningKeyFile", true)]
    [InlineData("worker", "Audit__SigningKey", false)]
    [InlineData("worker", "Providers__Circle__ApiKeys", false)]
    [InlineData("web", "ConnectionStrings__payments", false)]
    [InlineData("api", "ConnectionStrings__payment", false)]
    [InlineData("api", "Webhook__EncryptionKey", false)]
    [InlineData("web", "services__ledger__http__0", false)]
    [InlineData("api", "PG_PASSWORD", false)]
    public void A_variable_that_nobody_reads_is_found(string service, string name, bool isRead) =>
        Assert.Equal(isRead, IsRead(name, Deployment.SourcesOf(service)));

    [Theory]
    [MemberData(nameof(Services))]
    public void What_a_development_run_sets_is_set_in_production_too(string service)
    {
        var resource = Resource().Matches(Deployment.Text("Payments.AppHost/AppHost.cs"))
            .Single(match => match.Groups["name"].Value == service).Value;
        var names = Variable().Matches(resource).Select(match => match.Groups["name"].Value)
            .Concat(resource.Contains("WithReference(api)", StringComparison.Ordinal) ? ["services__api__http__0"] : [])
            .Concat(ConnectionString().IsMatch(resource) ? ["ConnectionStrings__payments"] : [])
            .Except(DevelopmentOnly)
            .ToList();

        Assert.Empty(names.Except(Compose[service].Variables.Keys));
        Assert.Empty(names.Except(Manifests[service].Variables.Keys));
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Compose_and_manifests_set_the_same(string service)
    {
        var (compose, manifest) = (Compose[service], Manifests[service]);

        Assert.Equal(
            compose.Variables.Keys.Except(ComposeOnly).Order(StringComparer.Ordinal),
            manifest.Variables.Keys.Order(StringComparer.Ordinal));
        Assert.All(compose.Variables.Where(variable => IsTheSameEverywhere(variable.Key, variable.Value)), variable =>
            Assert.Equal((variable.Key, variable.Value), (variable.Key, manifest.Variables[variable.Key])));
        Assert.Equal(compose.Arguments, manifest.Arguments);
        Assert.Equal(Tagged(compose.Image), manifest.Image);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void A_service_runs_in_production_without_rights_and_is_given_time_to_end(string service) =>
        Assert.All([Compose[service], Manifests[service]], deployed =>
        {
            Assert.Equal("Production", deployed.Variables["ASPNETCORE_ENVIRONMENT"]);
            Assert.Equal("Production", deployed.Variables["DOTNET_ENVIRONMENT"]);
            Assert.False(deployed.KeepsPrivileges);
            Assert.True(deployed.PatienceSeconds > HostPatienceSeconds || service == "migrate");
        });

    [Theory]
    [MemberData(nameof(Services))]
    public void Its_image_is_a_target_that_starts_the_service_as_an_unprivileged_user(string service)
    {
        var stages = Deployment.ReadStages();
        var (from, text) = stages[Compose[service].Target!];

        Assert.Equal("service", from);
        var project = Deployment.Projects[service];
        Assert.Contains($"""ENTRYPOINT ["dotnet", "{project}.dll"]""", text, StringComparison.Ordinal);
        Assert.Contains($"dotnet publish {project} -c", stages[Published(text)].Text, StringComparison.Ordinal);
        Assert.EndsWith("USER $APP_UID\n\n", stages["service"].Text, StringComparison.Ordinal);
        Assert.DoesNotContain("USER", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("api")]
    [InlineData("worker")]
    [InlineData("web")]
    public void A_service_listens_where_it_is_asked_for(string service)
    {
        var (compose, manifest) = (Compose[service], Manifests[service]);
        var text = Deployment.ReadStages()[compose.Target!].Text;
        var port = int.Parse(HttpPort().Match(text).Groups["port"].Value, CultureInfo.InvariantCulture);
        var metrics = compose.Ports["metrics"];

        Assert.Equal(port, compose.Ports["http"]);
        Assert.Equal(port, manifest.Ports["http"]);
        Assert.Equal(metrics, manifest.Ports["metrics"]);
        Assert.Contains($"EXPOSE {port} {metrics}\n", text, StringComparison.Ordinal);
        Assert.NotEmpty(compose.Probes);
        Assert.Equal(3, manifest.Probes.Count);
        Assert.All([.. compose.Probes, .. manifest.Probes], probe =>
        {
            Assert.Equal(port, probe.Port);
            Assert.Contains($"\"{probe.Path}\"", Deployment.SourcesOf(service), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Ports_that_are_published_are_those_of_a_development_run()
    {
        var settings = Deployment.Text("Payments.AppHost/appsettings.json");

        Assert.Contains($"\"Web\": {Compose["web"].Ports["http"]}", settings, StringComparison.Ordinal);
        Assert.Contains($"\"Api\": {Compose["api"].Ports["http"]}", settings, StringComparison.Ordinal);
        Assert.Equal($"http://api:{Compose["api"].Ports["http"]}", Compose["web"].Variables["services__api__http__0"]);
    }

    [Fact]
    public void What_stands_before_the_pods_leads_to_them()
    {
        var resources = YamlFiles.Select(row => row.Data).Where(path => IsIn(path, Deployment.Manifests))
            .SelectMany(path => Deployment.Parse(Deployment.Text(path))).ToList();
        var services = resources.Where(resource => resource.Said("kind") == "Service").ToList();
        var opened = resources.Single(resource => resource.Said("kind") == "NetworkPolicy")
            .At("spec", "ingress").Items()
            .SelectMany(rule => rule.At("ports").Items()).Select(port => port.Said("port"));

        Assert.Equal(["api", "web"], services.Select(service => service.Said("metadata", "name")).Order());
        Assert.All(services, service =>
        {
            var name = service.Said("metadata", "name")!;
            var port = service.At("spec", "ports").Items().Single();
            Assert.Equal(name, service.At("spec", "selector").Entries().Single().Value);
            Assert.Equal((Number(Manifests[name].Ports["http"]), "http"), (port.Said("port"), port.Said("targetPort")));
        });
        Assert.Equal(
            services.Select(service => service.At("spec", "ports").Items().Single().Said("port"))
                .Append(Number(Compose["api"].Ports["metrics"])).Order(),
            opened.Order());
        // A patch of the component has no selector.
        var deployments = resources.Where(resource =>
            resource.Said("kind") == "Deployment" && resource.At("spec", "selector") is not null);
        Assert.All(deployments, deployment =>
        {
            var template = deployment.At("spec", "template");
            var labels = template.At("metadata", "labels");
            Assert.Equal(deployment.Said("metadata", "name"), labels.Entries().Single().Value);
            Assert.Equal(labels.Entries(), deployment.At("spec", "selector", "matchLabels").Entries());
            Assert.Equal(
                Number(Manifests[deployment.Said("metadata", "name")!].Ports["metrics"]),
                template.Said("metadata", "annotations", "prometheus.io/port"));
        });
    }

    [Fact]
    public void Prometheus_reads_every_service_of_the_compose_file()
    {
        var jobs = Deployment.Parse(Deployment.Text("deploy/prometheus/prometheus.compose.yml")).Single()
            .At("scrape_configs").Items().SelectMany(job => job.At("dns_sd_configs").Items())
            .Select(found => (found.At("names").Items().Single(), found.Said("port")));

        Assert.Equal(
            Compose.Values.Where(service => service.Probes.Count > 0)
                .Select(service => ((object?)service.Name, (string?)Number(service.Ports["metrics"]))).Order(),
            jobs.Order());
    }

    [Fact]
    public void Every_verb_is_a_command_of_the_program() => Assert.All(
        Compose.Values.Concat(Manifests.Values).SelectMany(service => service.Arguments),
        verb => Assert.Contains(
            $"public const string Name = \"{verb}\";", Deployment.SourcesOf("migrate"), StringComparison.Ordinal));

    [Fact]
    public void Every_image_is_pinned()
    {
        var stages = Deployment.ReadStages();
        var images = stages.Values.Select(stage => stage.From).Where(from => !stages.ContainsKey(from))
            .Concat(((string[])[Deployment.Compose, Deployment.Observability])
                .SelectMany(path => Image().Matches(Deployment.Text(path)))
                .Select(match => Tagged(match.Groups["image"].Value)))
            .Concat(Manifests.Values.Select(service => service.Image))
            .ToList();
        var keys = Image().Match(Deployment.Text(Deployment.Manifests + "keys.yaml")).Groups["image"].Value;

        Assert.True(images.Count >= 12);
        Assert.All(images, image => Assert.Matches(Pinned(), image));
        Assert.Equal(Manifests["api"].Image, keys);
    }

    [Fact]
    public void What_compose_asks_for_stands_in_the_example_and_the_reverse()
    {
        var asked = ((string[])[Deployment.Compose, Deployment.Observability])
            .SelectMany(path => Substitution().Matches(Deployment.Text(path)))
            .Select(match => match.Groups["name"].Value).Distinct().Order(StringComparer.Ordinal);
        var given = Assignment().Matches(Deployment.Text(Deployment.EnvExample))
            .Select(match => match.Groups["name"].Value).Order(StringComparer.Ordinal);

        Assert.Equal(asked, given);
    }

    [Fact]
    public void Secrets_reach_neither_the_repository_nor_a_builder()
    {
        Assert.Contains("/deploy/.env\n/deploy/secrets/\n", Deployment.Text(".gitignore"), StringComparison.Ordinal);
        Assert.Contains("**/.*\n", Deployment.Text(".dockerignore"), StringComparison.Ordinal);
        Assert.Contains("\ndeploy\n!deploy/container\n", Deployment.Text(".dockerignore"), StringComparison.Ordinal);
        Assert.All(
            Deployment.Parse(Deployment.Text(Deployment.Manifests + "secrets.example.yaml"))
                .SelectMany(secret => secret.At("stringData").Entries()),
            entry => Assert.Equal("", entry.Value));
    }

    [Fact]
    public async Task Kustomize_builds_the_manifests()
    {
        if (!IsInstalled("kubectl"))
        {
            Assert.Skip("kubectl is not installed");
        }

        var start = new ProcessStartInfo("kubectl", ["kustomize", Deployment.Manifests])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(start)!;
        var built = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, process.ExitCode);
        Assert.All(Manifests.Values.Select(service => $"image: {service.Image}\n"), image =>
            Assert.Contains(image, built, StringComparison.Ordinal));
    }

    // As the configuration has it: a section that some options are bound to and members of options, or its whole name.
    private static bool IsRead(string name, string sources)
    {
        if (ReadByLibraries.Contains(name, StringComparer.Ordinal))
        {
            return true;
        }

        return name.Split("__") switch
        {
            ["ConnectionStrings", var connection] =>
                Regex.IsMatch(sources, $"""(?:GetConnectionString|AddNpgsqlDataSource)\("{connection}"[,)]"""),
            ["services", var host, "http", "0"] => sources.Contains($"\"http://{host}\"", StringComparison.Ordinal),
            { Length: > 1 } parts => sources.Contains($"\"{string.Join(':', parts)}\"", StringComparison.Ordinal)
                || (Regex.IsMatch(sources, $"""(?:Section = |GetSection\()"{parts[0]}"[;)]""")
                    && parts.Skip(1).All(part => Regex.IsMatch(sources, $$"""public [\w?]+ {{part}} \{ get; set"""))),
            _ => false,
        };
    }

    // An address of PostgreSQL and a file of a secret are where the orchestrator has them; the rest is asked for.
    private static bool IsTheSameEverywhere(string name, string? value) =>
        value?.Contains("${", StringComparison.Ordinal) == false
        && !name.StartsWith("ConnectionStrings__", StringComparison.Ordinal)
        && !name.EndsWith("KeyFile", StringComparison.Ordinal);

    // Of an image of compose, with the defaults of what it is put together from.
    private static string Tagged(string image) => Substitution().Replace(image, match => match.Groups["default"].Value);

    private static string Published(string stage) => PublishStage().Match(stage).Groups["name"].Value;

    private static string Number(int port) => port.ToString(CultureInfo.InvariantCulture);

    private static bool IsIn(string path, string folder) => path.StartsWith(folder, StringComparison.Ordinal);

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));

    [GeneratedRegex("""AddProject<[^>]+>\("(?<name>\w+)"(?:.|\n)*?;""")]
    private static partial Regex Resource();

    [GeneratedRegex("""WithEnvironment\("(?<name>\w+)"[,)]""")]
    private static partial Regex Variable();

    [GeneratedRegex(@"WithReference\(payments(?:App)?[,)]")]
    private static partial Regex ConnectionString();

    [GeneratedRegex(@"ASPNETCORE_HTTP_PORTS=(?<port>\d+)\n")]
    private static partial Regex HttpPort();

    [GeneratedRegex(@"COPY --from=(?<name>\S+) /app \.")]
    private static partial Regex PublishStage();

    [GeneratedRegex(@"^\s+image: (?<image>\S+)", RegexOptions.Multiline)]
    private static partial Regex Image();

    // By major and minor version; PostgreSQL's major versions are what others call minor ones.
    [GeneratedRegex(@"^(?:[\w.\-/]+:v?\d+\.\d+[\w.\-]*|postgres:\d+)$")]
    private static partial Regex Pinned();

    [GeneratedRegex(@"\$\{(?<name>\w+)(?::-(?<default>[^}]*)|:\?[^}]*)?\}")]
    private static partial Regex Substitution();

    [GeneratedRegex(@"^(?<name>[A-Z_]+)=", RegexOptions.Multiline)]
    private static partial Regex Assignment();
}
