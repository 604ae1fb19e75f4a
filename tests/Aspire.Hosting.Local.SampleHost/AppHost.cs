using Microsoft.Extensions.Configuration;

// An application for the tests that stop, kill or break one from outside. Settings: Scenario, Diary (a file, see the
// sample), Dashboard (on when true), Port (public, of the first service) and Volume (of the database's server).
var settings = new ConfigurationBuilder().AddCommandLine(args).Build();
var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
{
    Args = args,
    DisableDashboard = !settings.GetValue<bool>("Dashboard"),
});

switch (settings["Scenario"])
{
    case "chain":
        var bottom = Add("bottom");
        var middle = Add("middle").WithEnvironment("SAMPLE_LAST_WORDS_MS", "300").WaitFor(bottom);
        Add("top").WithEnvironment("SAMPLE_LAST_WORDS_MS", "300").WaitFor(middle);
        break;

    case "waiting":
        var sick = Add("sick").WithEnvironment("SAMPLE_UNHEALTHY", "true");
        Add("waiting").WaitFor(sick);
        break;

    case "deaf":
        Add("hearing").WaitFor(Add("deaf").WithEnvironment("SAMPLE_DEAF", "true"));
        break;

    case "database":
        var books = builder.AddPostgres("postgres", password: builder.AddParameter("password", "secret", secret: true))
            .WithDataVolume(settings["Volume"])
            .AddDatabase("books");
        Add("service").WithReference(books).WaitFor(books);
        break;

    case "unknown profile":
        builder.AddProject<Projects.Aspire_Hosting_Local_Sample>("service", launchProfileName: "nosuch");
        break;

    case "endpoint given twice":
        Add("service").WithHttpEndpoint();
        break;

    default:
        throw new DistributedApplicationException($"There is no scenario '{settings["Scenario"]}'.");
}

builder.Build().Run();

IResourceBuilder<ProjectResource> Add(string name)
{
    var isFirst = builder.Resources.All(resource => resource is not ProjectResource);
    return builder.AddProject<Projects.Aspire_Hosting_Local_Sample>(name, launchProfileName: null)
        .WithHttpEndpoint(port: isFirst ? settings.GetValue<int?>("Port") : null)
        .WithHttpHealthCheck("/health")
        .WithEnvironment("SAMPLE_NAME", name)
        .WithEnvironment("SAMPLE_DIARY", settings["Diary"]);
}
