using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Local.Tests;

/// <summary>What happens when a command is given, without any process.</summary>
public sealed class CommandsTests
{
    private readonly DistributedApplicationBuilder _builder = new([]);
    private readonly List<string> _given = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_command_is_given_to_the_one_replica_of_a_resource_by_the_resources_name()
    {
        var api = Add("api").WithCommand("fill", "Fill", context =>
        {
            _given.Add(context.ResourceName);
            return Task.FromResult(CommandResults.Success("Filled."));
        });
        await using var application = await PublishedAsync(api.Resource);

        var result = await application.ResourceCommands.ExecuteCommandAsync("api", "fill", Cancel);

        Assert.Equal((true, "Filled."), (result.Success, result.Message));
        Assert.Equal(api.Resource.ReplicaNames(), _given);
    }

    [Fact]
    public async Task A_command_by_the_name_of_a_resource_with_replicas_is_refused_and_names_them()
    {
        var worker = Add("worker", replicas: 2).WithCommand("fill", "Fill", Succeed);
        await using var application = await PublishedAsync(worker.Resource);
        var names = worker.Resource.ReplicaNames();

        var byName = await application.ResourceCommands.ExecuteCommandAsync("worker", "fill", Cancel);
        var byId = await application.ResourceCommands.ExecuteCommandAsync(names[1], "fill", Cancel);

        Assert.Equal(
            (false, $"Resource 'worker' has replicas; the command is for one: {names[0]}, {names[1]}."),
            (byName.Success, byName.Message));
        Assert.True(byId.Success);
        Assert.Equal([names[1]], _given);
    }

    [Fact]
    public async Task A_command_to_a_resource_reaches_every_replica_and_names_those_that_failed()
    {
        var worker = Add("worker", replicas: 2);
        worker.WithCommand("fill", "Fill", async context =>
        {
            var result = await Succeed(context);
            return context.ResourceName == worker.Resource.ReplicaNames()[1] ? CommandResults.Failure("Full.") : result;
        });
        await using var application = await PublishedAsync(worker.Resource);

        var result = await application.ResourceCommands.ExecuteCommandAsync(worker.Resource, "fill", Cancel);

        Assert.Equal(worker.Resource.ReplicaNames().Order(), _given.Order());
        Assert.Equal(
            (false, $"1 of 2 replicas failed: {worker.Resource.ReplicaNames()[1]}: Full."),
            (result.Success, result.Message));
    }

    [Fact]
    public async Task A_command_that_throws_fails_with_the_message_and_the_console_log_has_the_reason()
    {
        var api = Add("api").WithCommand("fill", "Fill", _ => throw new InvalidOperationException("No ink."));
        await using var application = await PublishedAsync(api.Resource);

        var result = await application.ResourceCommands.ExecuteCommandAsync("api", "fill", Cancel);

        Assert.Equal((false, false, "No ink."), (result.Success, result.Canceled, result.Message));
        var log = await LogAsync(application, api.Resource.ReplicaNames()[0]);
        Assert.EndsWith("Executing command 'fill'.", log[0].Content, StringComparison.Ordinal);
        Assert.EndsWith("Command 'fill' failed.", log[1].Content, StringComparison.Ordinal);
        Assert.EndsWith("System.InvalidOperationException: No ink.", log[2].Content, StringComparison.Ordinal);
        Assert.Equal([false, true, true], log.Take(3).Select(line => line.IsErrorMessage));
    }

    [Fact]
    public async Task A_command_given_up_by_whom_asked_for_it_is_canceled_and_no_failure()
    {
        var api = Add("api").WithCommand("fill", "Fill", async context =>
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return CommandResults.Success();
        });
        await using var application = await PublishedAsync(api.Resource);
        using var patience = new CancellationTokenSource();
        var executing = application.ResourceCommands.ExecuteCommandAsync("api", "fill", patience.Token);

        await patience.CancelAsync();

        var result = await executing;
        Assert.Equal((false, true), (result.Success, result.Canceled));
    }

    [Theory]
    [InlineData("api", "nonsense", "Command 'nonsense' not available for resource '")]
    [InlineData("nobody", "fill", "Resource 'nobody' not found.")]
    public async Task An_unknown_command_or_resource_is_a_failure_that_says_so(
        string resource, string command, string message)
    {
        var api = Add("api").WithCommand("fill", "Fill", Succeed);
        await using var application = await PublishedAsync(api.Resource);

        var result = await application.ResourceCommands.ExecuteCommandAsync(resource, command, Cancel);

        Assert.False(result.Success);
        Assert.StartsWith(message, result.Message, StringComparison.Ordinal);
        Assert.Empty(_given);
    }

    [Fact]
    public async Task A_command_logs_into_the_console_of_its_replica()
    {
        var api = Add("api").WithCommand("fill", "Fill", context =>
        {
            context.Logger.LogWarning("Half full");
            return Task.FromResult(CommandResults.Success());
        });
        await using var application = await PublishedAsync(api.Resource);

        await application.ResourceCommands.ExecuteCommandAsync("api", "fill", Cancel);

        var log = await LogAsync(application, api.Resource.ReplicaNames()[0]);
        Assert.Contains(log, line => line.Content.EndsWith(" Half full", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_later_command_of_the_same_name_takes_the_place_of_the_earlier()
    {
        var api = Add("api")
            .WithCommand("fill", "Fill", _ => throw new InvalidOperationException("The earlier one."))
            .WithCommand("fill", "Fill up", Succeed);
        await using var application = await PublishedAsync(api.Resource);

        Assert.True((await application.ResourceCommands.ExecuteCommandAsync("api", "fill", Cancel)).Success);
        Assert.Equal("Fill up", Assert.Single(Commands(application, "api")).DisplayName);
    }

    [Fact]
    public async Task A_command_says_by_the_state_whether_it_can_be_given()
    {
        var api = Add("api").WithCommand("fill", "Fill", Succeed, new()
        {
            UpdateState = context => context.ResourceSnapshot.State?.Text == KnownResourceStates.Running
                ? ResourceCommandState.Enabled
                : ResourceCommandState.Disabled,
        });
        await using var application = await PublishedAsync(api.Resource);
        Assert.Equal(ResourceCommandState.Disabled, Assert.Single(Commands(application, "api")).State);

        await application.ResourceNotifications.PublishUpdateAsync(
            api.Resource, snapshot => snapshot with { State = KnownResourceStates.Running });

        Assert.Equal(ResourceCommandState.Enabled, Assert.Single(Commands(application, "api")).State);
    }

    // A button that is at work stays in place and is disabled; one that has no meaning now is not there.
    [Theory]
    [InlineData(null, "Disabled", "Hidden", "Disabled")]
    [InlineData("NotStarted", "Enabled", "Hidden", "Disabled")]
    [InlineData("Waiting", "Enabled", "Hidden", "Disabled")]
    [InlineData("Starting", "Disabled", "Hidden", "Disabled")]
    [InlineData("Running", "Hidden", "Enabled", "Enabled")]
    [InlineData("Stopping", "Hidden", "Disabled", "Disabled")]
    [InlineData("Exited", "Enabled", "Hidden", "Disabled")]
    [InlineData("Finished", "Enabled", "Hidden", "Disabled")]
    [InlineData("FailedToStart", "Enabled", "Hidden", "Disabled")]
    public async Task Start_stop_and_restart_follow_the_state(
        string? state, string start, string stop, string restart)
    {
        var api = Add("api");
        LifecycleCommands.AddTo(api.Resource);
        await using var application = await PublishedAsync(api.Resource, state);

        Assert.Equal(
            [("start", start), ("stop", stop), ("restart", restart)],
            Commands(application, "api").Select(command => (command.Name, $"{command.State}")));
    }

    private IResourceBuilder<ProjectResource> Add(string name, int replicas = 1)
    {
        var project = _builder.AddResource(new ProjectResource(name)).WithReplicas(replicas);
        Replicas.Assign(project.Resource);
        return project;
    }

    private async Task<DistributedApplication> PublishedAsync(IResource resource, string? state = "Exited")
    {
        var application = _builder.Build();
        await application.ResourceNotifications.PublishUpdateAsync(
            resource, snapshot => snapshot with { State = state });
        return application;
    }

    private Task<ExecuteCommandResult> Succeed(ExecuteCommandContext context)
    {
        lock (_given)
        {
            _given.Add(context.ResourceName);
        }

        return Task.FromResult(CommandResults.Success());
    }

    private static IReadOnlyList<ResourceCommandSnapshot> Commands(DistributedApplication application, string name)
    {
        Assert.True(application.ResourceNotifications.TryGetCurrentState(name, out var current));
        return current.Snapshot.Commands;
    }

    private static async Task<IReadOnlyList<ResourceLoggerService.ResourceLine>> LogAsync(
        DistributedApplication application, string replica)
    {
        var log = application.Services.GetRequiredService<ResourceLoggerService>();
        return await log.ReadAsync(replica, follow: false, Cancel).ToListAsync(Cancel);
    }
}
