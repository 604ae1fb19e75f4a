using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;

namespace Aspire.Hosting.Local.Tests.Processes;

/// <summary>How a project's launch settings decide what its process is told, and where it is reached.</summary>
public sealed class LaunchSettingsTests : IDisposable
{
    private readonly int _port = PublicPorts.Free();
    private readonly ProjectFolder _project;

    public LaunchSettingsTests() => _project = new($$"""
        {
          "profiles": {
            "browser": { "commandName": "IISExpress", "environmentVariables": { "CHOSEN": "browser" } },
            "first": {
              "commandName": "Project",
              "applicationUrl": "http://localhost:{{_port}}",
              "environmentVariables": { "CHOSEN": "first", "ASPNETCORE_ENVIRONMENT": "Staging" }
            },
            "second": {
              "commandName": "Project",
              "applicationUrl": "http://localhost:0",
              "environmentVariables": { "CHOSEN": "second" }
            }
          }
        }
        """);

    public void Dispose() => _project.Dispose();

    [Fact]
    public async Task The_profile_is_the_named_one_or_the_first_for_a_project_or_none()
    {
        // The fixed port of the first profile is then the public one.
        await using var application = new SampleApplication("DcpPublisher:RandomizePorts=false");
        var named = application.Add("named", _project, "second");
        var first = application.Add("first", _project);
        var without = application.Add("without", _project, profile: null).WithHttpEndpoint();

        await application.StartAsync();
        var variables = await VariablesAsync(application, named, first, without);

        Assert.Equal(["second", "first", null], Values("CHOSEN"));
        Assert.Equal(["second", "first", null], Values("DOTNET_LAUNCH_PROFILE"));
        Assert.Equal([null, "Staging", null], Values("ASPNETCORE_ENVIRONMENT"));
        Assert.Equal(_port, SampleApplication.PublicUrl(first).Port);
        Assert.NotEqual(new Uri(variables[1]["ASPNETCORE_URLS"]).Port, _port);
        Assert.Equal(
            "Production", await application.GetAsync<string>(SampleApplication.PublicUrl(without), "/environment"));

        IEnumerable<string?> Values(string name) => variables.Select(one => one.GetValueOrDefault(name));
    }

    [Fact]
    public async Task The_profile_named_as_the_AppHosts_own_comes_before_the_first_and_the_folder_is_the_projects()
    {
        await using var application = new SampleApplication("DOTNET_LAUNCH_PROFILE=second");
        var service = application.Add("service", _project);

        await application.StartAsync();
        var variables = await VariablesAsync(application, service);

        Assert.Equal("second", variables[0]["CHOSEN"]);
        Assert.Equal(
            _project.FolderPath,
            await application.GetAsync<string>(SampleApplication.PublicUrl(service), "/directory"));
        Assert.DoesNotContain(variables[0].Keys, name => name.StartsWith("OTEL_", StringComparison.Ordinal));
    }

    private static async Task<IReadOnlyList<IReadOnlyDictionary<string, string>>> VariablesAsync(
        SampleApplication application, params IResourceBuilder<ProjectResource>[] services)
    {
        var all = new List<IReadOnlyDictionary<string, string>>();

        foreach (var service in services)
        {
            all.Add(await application.VariablesAsync(SampleApplication.PublicUrl(service)));
        }

        return all;
    }
}
