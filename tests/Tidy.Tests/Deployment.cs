using System.Collections;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace Tidy.Tests;

/// <summary>What a file of <c>deploy/</c> says of one service.</summary>
/// <param name="Variables">Names and values; a value that the file does not know is null.</param>
/// <param name="Ports">Those that other containers may reach, by what they are for: http, metrics.</param>
/// <param name="Probes">Paths that are asked for by HTTP, and the ports.</param>
internal sealed record DeployedService(
    string Name,
    string Image,
    string? Target,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string?> Variables,
    IReadOnlyDictionary<string, int> Ports,
    IReadOnlyList<(string Path, int Port)> Probes,
    int PatienceSeconds,
    bool KeepsPrivileges);

/// <summary>The Dockerfile, the compose files and the manifests, as the tests compare them.</summary>
internal static partial class Deployment
{
    public const string Dockerfile = "deploy/Dockerfile";
    public const string Compose = "deploy/compose.yaml";
    public const string Observability = "deploy/compose.observability.yaml";
    public const string Manifests = "deploy/kubernetes/";
    public const string EnvExample = "deploy/.env.example";

    /// <summary>The services of the product, each from the project beside it.</summary>
    public static readonly IReadOnlyDictionary<string, string> Projects =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["migrate"] = "Payments.Api",
            ["api"] = "Payments.Api",
            ["worker"] = "Recon.Worker",
            ["web"] = "Payments.Web",
        };

    public static string Text(string path) => Repository.Files.Single(file => file.Path == path).Text;

    /// <summary>The documents of a file, merge keys resolved.</summary>
    public static IReadOnlyList<object> Parse(string yaml)
    {
        var parser = new MergingParser(new Parser(new StringReader(yaml)));
        var deserializer = new DeserializerBuilder().Build();
        var documents = new List<object>();
        parser.Consume<StreamStart>();
        while (parser.Accept<DocumentStart>(out _))
        {
            documents.Add(deserializer.Deserialize<object>(parser));
        }

        return documents;
    }

    /// <summary>The node at a path of keys, or null.</summary>
    public static object? At(this object? node, params string[] keys) => keys.Aggregate(
        node, (current, key) => current is IDictionary map && map.Contains(key) ? map[key] : null);

    public static IEnumerable<object?> Items(this object? node) =>
        node is IList items ? items.Cast<object?>() : [];

    public static IEnumerable<(string Key, object? Value)> Entries(this object? node) => node is IDictionary map
        ? map.Keys.Cast<string>().Select(key => (key, map[key]))
        : [];

    public static string? Said(this object? node, params string[] keys) => node.At(keys) as string;

    /// <summary>The product's services of the compose file, by their names.</summary>
    public static IReadOnlyDictionary<string, DeployedService> ReadCompose() => Parse(Text(Compose)).Single()
        .At("services").Entries()
        .Where(service => Projects.ContainsKey(service.Key))
        .Select(service => OfCompose(service.Key, service.Value))
        .ToDictionary(service => service.Name, StringComparer.Ordinal);

    private static DeployedService OfCompose(string name, object? service)
    {
        var probe = service.At("healthcheck", "test").Items().Cast<string>().ToList();
        var variables = service.At("environment").Entries()
            .ToDictionary(entry => entry.Key, entry => (string?)entry.Value, StringComparer.Ordinal);
        var ports = new Dictionary<string, int>(StringComparer.Ordinal);
        if (service.At("ports").Items().SingleOrDefault() is string published)
        {
            ports["http"] = int.Parse(published[(published.LastIndexOf(':') + 1)..], null);
        }
        else if (probe.Count > 0)
        {
            ports["http"] = int.Parse(probe[2], null);
        }

        if (variables.TryGetValue("Management__Port", out var metrics))
        {
            ports["metrics"] = int.Parse(metrics!, null);
        }

        return new(
            name,
            service.Said("image")!,
            service.Said("build", "target"),
            [.. service.At("command").Items().Cast<string>()],
            variables,
            ports,
            probe is ["CMD", "healthy", var port, var path] ? [(path, int.Parse(port, null))] : [],
            int.Parse(service.Said("stop_grace_period")!.TrimEnd('s'), null),
            KeepsPrivileges: service.Said("read_only") != "true"
                || !service.At("cap_drop").Items().Contains("ALL")
                || !service.At("security_opt").Items().Contains("no-new-privileges:true"));
    }

    /// <summary>The product's workloads, with the component for checkpoints as one of them has it.</summary>
    public static IReadOnlyDictionary<string, DeployedService> ReadManifests()
    {
        var kustomization = Parse(Text(Manifests + "kustomization.yaml")).Single();
        var secrets = Parse(Text(Manifests + "secrets.example.yaml"));
        var patches = Parse(Text(Manifests + "audit-checkpoints/kustomization.yaml")).Single().At("patches").Items()
            .Select(patch => Parse(Text(Manifests + "audit-checkpoints/" + patch.Said("path"))).Single())
            .ToDictionary(patch => patch.Said("metadata", "name")!, StringComparer.Ordinal);

        return kustomization.At("resources").Items()
            .SelectMany(resource => Parse(Text(Manifests + resource)))
            .Where(resource => resource.Said("kind") is "Deployment" or "Job")
            .Select(workload => OfManifest(
                workload, patches.GetValueOrDefault(workload.Said("metadata", "name")!), kustomization, secrets))
            .ToDictionary(service => service.Name, StringComparer.Ordinal);
    }

    private static DeployedService OfManifest(
        object workload, object? patch, object kustomization, IReadOnlyList<object> secrets)
    {
        var pod = workload.At("spec", "template", "spec");
        var container = pod.At("containers").Items().Single();
        var patched = patch.At("spec", "template", "spec", "containers").Items().SingleOrDefault();
        var ports = container.At("ports").Items().ToDictionary(
            port => port.Said("name")!, port => int.Parse(port.Said("containerPort")!, null), StringComparer.Ordinal);
        var probes = ((string[])["startupProbe", "livenessProbe", "readinessProbe"])
            .Select(probe => container.At(probe, "httpGet"))
            .Where(probe => probe is not null)
            .Select(probe => (probe.Said("path")!, ports[probe.Said("port")!]));
        var image = container.Said("image")!;
        var tag = kustomization.At("images").Items().Single(entry => entry.Said("name") == image).Said("newTag");
        var rights = container.At("securityContext");
        var pause = container.At("lifecycle", "preStop", "exec", "command").Items().LastOrDefault() as string;

        return new(
            workload.Said("metadata", "name")!,
            $"{image}:{tag}",
            Target: null,
            [.. container.At("args").Items().Cast<string>()],
            VariablesOf(container, kustomization, secrets).Concat(VariablesOf(patched, kustomization, secrets))
                .ToDictionary(variable => variable.Key, variable => variable.Value, StringComparer.Ordinal),
            ports,
            [.. probes],
            int.Parse(pod.Said("terminationGracePeriodSeconds") ?? "30", null) - int.Parse(pause ?? "0", null),
            KeepsPrivileges: rights.Said("allowPrivilegeEscalation") != "false"
                || rights.Said("readOnlyRootFilesystem") != "true"
                || !rights.At("capabilities", "drop").Items().Contains("ALL")
                || pod.Said("securityContext", "runAsNonRoot") != "true"
                || pod.Said("automountServiceAccountToken") != "false");
    }

    private static IEnumerable<(string Key, string? Value)> VariablesOf(
        object? container, object kustomization, IReadOnlyList<object> secrets)
    {
        foreach (var source in container.At("envFrom").Items())
        {
            if (source.Said("configMapRef", "name") is { } settings)
            {
                var literals = kustomization.At("configMapGenerator").Items()
                    .Single(map => map.Said("name") == settings).At("literals").Items().Cast<string>();
                foreach (var literal in literals.Select(literal => literal.Split('=', 2)))
                {
                    yield return (literal[0], literal[1]);
                }
            }

            if (source.Said("secretRef", "name") is { } secret)
            {
                var names = secrets.Single(one => one.Said("metadata", "name") == secret).At("stringData").Entries();
                foreach (var (name, _) in names)
                {
                    yield return (name, null);
                }
            }
        }

        foreach (var variable in container.At("env").Items())
        {
            yield return (variable.Said("name")!, variable.Said("value"));
        }
    }

    /// <summary>The stages of the Dockerfile by name: what each is from, and its instructions.</summary>
    public static IReadOnlyDictionary<string, (string From, string Text)> ReadStages() => Stage()
        .Matches(Text(Dockerfile))
        .ToDictionary(
            stage => stage.Groups["name"].Value,
            stage => (stage.Groups["from"].Value, stage.Groups["text"].Value),
            StringComparer.Ordinal);

    /// <summary>All C# of a service: its project and those that it references.</summary>
    public static string SourcesOf(string service)
    {
        var projects = new HashSet<string>(StringComparer.Ordinal);
        Add(Projects[service]);
        return string.Concat(Repository.Files
            .Where(file => file.Is(".cs") && projects.Any(file.IsIn)).Select(file => file.Text));

        void Add(string project)
        {
            if (projects.Add(project))
            {
                var file = Text($"{project}/{project}.csproj");
                foreach (Match reference in Reference().Matches(file))
                {
                    Add(reference.Groups["name"].Value);
                }
            }
        }
    }

    [GeneratedRegex(@"^FROM (?<from>\S+) AS (?<name>\S+)\n(?<text>(?:(?!FROM ).*\n)*)", RegexOptions.Multiline)]
    private static partial Regex Stage();

    [GeneratedRegex("""ProjectReference Include="\.\./(?<name>[\w.]+)/""")]
    private static partial Regex Reference();
}
