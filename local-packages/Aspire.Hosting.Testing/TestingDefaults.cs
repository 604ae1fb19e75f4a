using System.Reflection;
using Aspire.Hosting.Orchestration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>How an application under test differs from one that a person runs.</summary>
internal static class TestingDefaults
{
    public static void Apply(
        Assembly appHost,
        string[] args,
        DistributedApplicationOptions options,
        HostApplicationBuilderSettings settings,
        Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configure)
    {
        // The entry point need not hand its arguments on.
        settings.Args = [.. settings.Args ?? [], .. args];
        options.Args = settings.Args;
        options.AssemblyName = appHost.GetName().Name;
        options.DisableDashboard = true;
        options.EnableResourceLogging = true;
        settings.ApplicationName = options.AssemblyName;
        SetDefaults(settings, new(StringComparer.OrdinalIgnoreCase)
        {
            ["DcpPublisher:RandomizePorts"] = "true",
            [DistributedApplicationBuilder.ThrowawayVolumesKey] = "true",
        });

        configure(options, settings);
        SetDefaults(settings, LaunchProfileVariables(appHost, settings));
    }

    /// <summary>Adds what arguments and configuration do not say.</summary>
    private static void SetDefaults(HostApplicationBuilderSettings settings, Dictionary<string, string?> defaults)
    {
        var given = Given(settings);
        settings.Configuration ??= new();
        settings.Configuration.AddInMemoryCollection(defaults.Where(entry => given[entry.Key] is null).ToList());
    }

    private static Dictionary<string, string?> LaunchProfileVariables(
        Assembly appHost, HostApplicationBuilderSettings settings)
    {
        const string NameVariable = "DOTNET_LAUNCH_PROFILE";
        string[] hostPrefixes = ["DOTNET_", "ASPNETCORE_"];
        var variables = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var directory = DistributedApplicationBuilder.DirectoryOf(appHost);
        var profiles = directory is null ? [] : LaunchProfile.Read(Path.Combine(directory, "AppHost.csproj"));
        var chosen = Given(settings)[NameVariable];
        var profile = chosen is { Length: > 0 }
            ? profiles.FirstOrDefault(one => one.Name == chosen)
                ?? throw new InvalidOperationException($"The AppHost has no launch profile '{chosen}'.")
            : profiles is [var first, ..] ? first : null;

        if (profile is null)
        {
            return variables;
        }

        variables[NameVariable] = profile.Name;

        foreach (var (name, value) in profile.Variables)
        {
            variables[name] = value;

            // A host reads such variables without their prefix.
            if (hostPrefixes.FirstOrDefault(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                is { } prefix)
            {
                variables[name[prefix.Length..]] = value;
            }
        }

        return variables;
    }

    private static ConfigurationManager Given(HostApplicationBuilderSettings settings)
    {
        var given = new ConfigurationManager();

        if (settings.Configuration is not null)
        {
            given.AddConfiguration(settings.Configuration);
        }

        given.AddCommandLine(settings.Args ?? []);
        return given;
    }
}
