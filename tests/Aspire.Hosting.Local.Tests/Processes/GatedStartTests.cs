using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Local.Tests.Processes;

/// <summary>When a resource starts that waits for another one.</summary>
public sealed class GatedStartTests
{
    [Fact]
    public async Task A_dependent_waits_until_every_replica_is_healthy_and_the_start_is_over_when_it_has_started()
    {
        await using var application = new SampleApplication();
        var service = application.AddService("service").WithEnvironment("SAMPLE_UNHEALTHY", "true").WithReplicas(2);
        application.AddService("gated").WaitFor(service);
        application.AddService("early").WaitForStart(service);
        var start = application.StartAsync();
        await application.WaitAsync("early", KnownResourceStates.Running);
        var replicas = service.Resource.ReplicaNames();

        await application.WaitAsync(replicas[0], HasAnswered);
        await application.PostAsync(application.OwnUrl(replicas[0]), "/health/healthy");
        await application.WaitAsync(replicas[0], snapshot => snapshot.IsReady);
        Assert.Equal(KnownResourceStates.Waiting, application.Snapshot("gated").State?.Text);
        Assert.False(start.IsCompleted);

        await application.WaitAsync(replicas[1], HasAnswered);
        await application.PostAsync(application.OwnUrl(replicas[1]), "/health/healthy");
        await start;
        Assert.Equal(KnownResourceStates.Running, application.Snapshot("gated").State?.Text);
    }

    [Fact]
    public async Task A_dependent_of_a_job_starts_on_the_awaited_exit_code_only_and_else_says_why_it_cannot()
    {
        await using var application = new SampleApplication();
        var good = application.AddJob("good", exitCode: 0);
        var three = application.AddJob("three", exitCode: 3);
        application.AddService("after-good", isChecked: false).WaitForCompletion(good);
        application.AddService("after-three", isChecked: false).WaitForCompletion(three, exitCode: 3);
        application.AddService("never", isChecked: false).WaitForCompletion(three);

        await application.StartAsync();

        Assert.Equal(
            [
                ("good", KnownResourceStates.Finished, 0),
                ("three", KnownResourceStates.Finished, 3),
                ("after-good", KnownResourceStates.Running, null),
                ("after-three", KnownResourceStates.Running, null),
                ("never", KnownResourceStates.FailedToStart, null),
            ],
            from name in (string[])["good", "three", "after-good", "after-three", "never"]
            let snapshot = application.Snapshot(name)
            select (name, snapshot.State?.Text, snapshot.ExitCode));
        Assert.Contains(
            "never cannot start: it waits for exit code 0 of 'three', but that ended with exit code 3.",
            application.Complaints);
    }

    [Fact]
    public async Task A_resource_for_explicit_start_starts_on_request_and_not_before()
    {
        await using var application = new SampleApplication();
        var byHand = application.AddService("by-hand", isChecked: false).WithExplicitStart();

        await application.StartAsync();
        Assert.Equal(KnownResourceStates.NotStarted, application.Snapshot("by-hand").State?.Text);

        Assert.True((await application.CommandAsync("by-hand", "start")).Success);
        Assert.Equal(
            application.Pid("by-hand"), await application.GetAsync<int>(SampleApplication.PublicUrl(byHand), "/"));
    }

    private static bool HasAnswered(CustomResourceSnapshot snapshot) =>
        snapshot.HealthReports is [{ Description: "/health answered 503." }];
}
