using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard.Wire;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Local.Tests.Dashboard;

/// <summary>What the dashboard gets to hear, over the wire.</summary>
public sealed class ResourceServiceTests
{
    private readonly DistributedApplicationBuilder _builder = new(new DistributedApplicationOptions
    {
        DisableDashboard = true,
    });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_dashboard_is_told_the_applications_name()
    {
        await using var application = _builder.Build();
        using var client = await ResourceServiceClient.StartAsync(application);

        var answer = await client.CallAsync<ApplicationInformationResponse>(
            "GetApplicationInformation", new ApplicationInformationRequest());

        Assert.Equal("Aspire.Hosting.Local.Tests", answer.ApplicationName);
    }

    [Theory]
    [InlineData("GetApplicationInformation")]
    [InlineData("WatchResources")]
    [InlineData("ExecuteResourceCommand")]
    public async Task A_caller_with_another_key_is_not_authenticated(string method)
    {
        await using var application = _builder.Build();
        using var client = await ResourceServiceClient.StartAsync(application, key: "another");

        Assert.Equal("16", await client.StatusAsync(method, new Empty()));
    }

    [Fact]
    public async Task A_call_that_does_not_exist_is_unimplemented()
    {
        await using var application = _builder.Build();
        using var client = await ResourceServiceClient.StartAsync(application);

        Assert.Equal("12", await client.StatusAsync("Nonsense", new Empty()));
    }

    [Fact]
    public async Task The_dashboard_gets_the_whole_state_and_then_each_change()
    {
        var api = AddApi();
        await using var application = _builder.Build();
        await PublishAsync(application, api.Resource, KnownResourceStates.Starting);
        using var client = await ResourceServiceClient.StartAsync(application);
        await using var updates = client.StreamAsync<WatchResourcesUpdate>(
            "WatchResources", new WatchResourcesRequest(), Cancel).GetAsyncEnumerator(Cancel);

        Assert.True(await updates.MoveNextAsync());
        var known = Assert.Single(updates.Current.InitialData.Resources);
        Assert.Equal(("api", "Starting"), (known.DisplayName, known.State));

        await PublishAsync(application, api.Resource, KnownResourceStates.Running);
        var changed = await NextAsync(updates, resource => resource.State == "Running");
        Assert.Equal(api.Resource.ReplicaNames()[0], changed.Name);
    }

    [Theory]
    [InlineData("fill", ResourceCommandResponseKind.Succeeded, "Filled.")]
    [InlineData("refuse", ResourceCommandResponseKind.Failed, "Full.")]
    [InlineData("throw", ResourceCommandResponseKind.Failed, "No ink.")]
    [InlineData("cancel", ResourceCommandResponseKind.Cancelled, "")]
    [InlineData("nonsense", ResourceCommandResponseKind.Failed, "Command 'nonsense' not available for resource '{0}'.")]
    internal async Task A_command_from_the_dashboard_is_answered_with_how_it_ended(
        string command, ResourceCommandResponseKind kind, string message)
    {
        var api = AddApi()
            .WithCommand("fill", "Fill", _ => Task.FromResult(CommandResults.Success("Filled.")))
            .WithCommand("refuse", "Refuse", _ => Task.FromResult(CommandResults.Failure("Full.")))
            .WithCommand("throw", "Throw", _ => throw new InvalidOperationException("No ink."))
            .WithCommand("cancel", "Cancel", _ => Task.FromResult(CommandResults.Canceled()));
        var replica = api.Resource.ReplicaNames()[0];
        await using var application = _builder.Build();
        await PublishAsync(application, api.Resource, KnownResourceStates.Running);
        using var client = await ResourceServiceClient.StartAsync(application);

        var answer = await client.CallAsync<ResourceCommandResponse>(
            "ExecuteResourceCommand", new ResourceCommandRequest { ResourceName = replica, CommandName = command });

        Assert.Equal(
            (kind, message.Replace("{0}", replica, StringComparison.Ordinal)), (answer.Kind, answer.Message));
    }

    [Fact]
    public async Task What_a_command_brings_reaches_the_dashboard_with_its_format()
    {
        var api = AddApi().WithCommand("fill", "Fill", _ =>
            Task.FromResult(CommandResults.Success("Filled.", "[1,2]", ApplicationModel.CommandResultFormat.Json)));
        await using var application = _builder.Build();
        await PublishAsync(application, api.Resource, KnownResourceStates.Running);
        using var client = await ResourceServiceClient.StartAsync(application);

        var answer = await client.CallAsync<ResourceCommandResponse>(
            "ExecuteResourceCommand", new ResourceCommandRequest { ResourceName = "api", CommandName = "fill" });

        Assert.Equal(
            new ResourceCommandResult
            {
                Value = "[1,2]",
                Format = Hosting.Dashboard.Wire.CommandResultFormat.Json,
            },
            answer.Result);
    }

    [Fact]
    public async Task A_resource_without_a_process_has_a_console_log_that_goes_on()
    {
        var api = AddApi();
        var replica = api.Resource.ReplicaNames()[0];
        await using var application = _builder.Build();
        await PublishAsync(application, api.Resource, KnownResourceStates.FailedToStart);
        var logger = application.Services.GetRequiredService<ResourceLoggerService>().GetLogger(replica);
        logger.LogError("Cannot start: {Reason}", "no program");
        using var client = await ResourceServiceClient.StartAsync(application);
        await using var updates = client.StreamAsync<WatchResourceConsoleLogsUpdate>(
            "WatchResourceConsoleLogs", new WatchResourceConsoleLogsRequest { ResourceName = replica }, Cancel)
            .GetAsyncEnumerator(Cancel);

        Assert.True(await updates.MoveNextAsync());
        var first = Assert.Single(updates.Current.LogLines);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z Cannot start: no program$", first.Text);
        Assert.Equal((1, true), (first.LineNumber, first.IsStdErr));

        logger.LogInformation("Found it");
        Assert.True(await updates.MoveNextAsync());
        var second = Assert.Single(updates.Current.LogLines);
        Assert.EndsWith(" Found it", second.Text, StringComparison.Ordinal);
        Assert.Equal((2, false), (second.LineNumber, second.IsStdErr));
    }

    [Fact]
    public async Task A_console_log_that_is_not_followed_ends_after_what_there_is()
    {
        var api = AddApi();
        var replica = api.Resource.ReplicaNames()[0];
        await using var application = _builder.Build();
        await PublishAsync(application, api.Resource, KnownResourceStates.FailedToStart);
        application.Services.GetRequiredService<ResourceLoggerService>().GetLogger(replica).LogInformation("One\nTwo");
        using var client = await ResourceServiceClient.StartAsync(application);

        var updates = await client.StreamAsync<WatchResourceConsoleLogsUpdate>(
            "WatchResourceConsoleLogs",
            new WatchResourceConsoleLogsRequest { ResourceName = replica, SuppressFollow = true },
            Cancel).ToListAsync(Cancel);

        Assert.Equal(
            ["One", "Two"], updates.SelectMany(update => update.LogLines).Select(line => line.Text.Split(' ')[1]));
    }

    private IResourceBuilder<ProjectResource> AddApi()
    {
        var api = _builder.AddResource(new ProjectResource("api"));
        Replicas.Assign(api.Resource);
        return api;
    }

    private static Task PublishAsync(DistributedApplication application, IResource resource, string state) =>
        application.ResourceNotifications.PublishUpdateAsync(resource, snapshot => snapshot with { State = state });

    private static async Task<Hosting.Dashboard.Wire.Resource> NextAsync(
        IAsyncEnumerator<WatchResourcesUpdate> updates, Predicate<Hosting.Dashboard.Wire.Resource> predicate)
    {
        while (await updates.MoveNextAsync())
        {
            if (updates.Current.Changes?.Value.Select(change => change.Upsert).FirstOrDefault(one => predicate(one))
                is { } found)
            {
                return found;
            }
        }

        throw new InvalidOperationException("The stream has ended.");
    }
}
