using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Local.Tests;

/// <summary>When a resource may start, and in which order resources stop.</summary>
public sealed class WaitingTests
{
    private readonly ResourceNotificationService _notifications = new(TimeProvider.System);
    private readonly ProjectResource _api = new("api");
    private readonly ProjectResource _web = new("web");

    [Fact]
    public async Task A_dependency_is_there_when_every_replica_is_running_healthy_and_ready()
    {
        _api.Annotations.Add(new ReplicaAnnotation(2));
        Replicas.Assign(_api);
        _web.Annotations.Add(new WaitAnnotation(_api, WaitType.WaitUntilHealthy));
        var waiting = _notifications.WaitForDependenciesAsync(_web, TestContext.Current.CancellationToken);

        await PublishAsync(_api.ReplicaNames()[0], HealthStatus.Healthy);
        await PublishAsync(_api.ReplicaNames()[1], HealthStatus.Unhealthy);
        Assert.False(waiting.IsCompleted);

        await PublishAsync(_api.ReplicaNames()[1], HealthStatus.Healthy);
        await waiting;
    }

    [Fact]
    public async Task A_job_that_ends_well_lets_its_dependents_start()
    {
        _web.Annotations.Add(new WaitAnnotation(_api, WaitType.WaitForCompletion));

        await EndAsync(exitCode: 0);

        await _notifications.WaitForDependenciesAsync(_web, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_job_that_fails_keeps_its_dependents_from_starting()
    {
        _web.Annotations.Add(new WaitAnnotation(_api, WaitType.WaitForCompletion));

        await EndAsync(exitCode: 3);

        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(() =>
            _notifications.WaitForDependenciesAsync(_web, TestContext.Current.CancellationToken));
        Assert.Equal("it waits for exit code 0 of 'api', but that ended with exit code 3.", refusal.Message);
    }

    [Fact]
    public void Dependents_stop_before_what_they_depend_on()
    {
        var server = new PostgresServerResource("postgres", null, new ParameterResource("password", _ => ""));
        var database = new PostgresDatabaseResource("payments", "payments", server);
        _api.Annotations.Add(new WaitAnnotation(database, WaitType.WaitUntilHealthy));
        _web.Annotations.Add(new WaitAnnotation(_api, WaitType.WaitUntilHealthy));

        var layers = StopOrder.Layers([server, _api, _web]).Select(layer => Assert.Single(layer));

        Assert.Equal([_web, _api, server], layers);
    }

    [Fact]
    public void Health_is_asked_often_at_first_ever_less_while_it_is_bad_and_seldom_while_it_is_good()
    {
        var delays = ((int[])[1, 2, 10, 50, 51, 1000]).Select(failures => HealthMonitor.DelayAfter(failures));

        Assert.Equal([0.1, 0.2, 1, 5, 5, 5], delays.Select(delay => delay.TotalSeconds));
        Assert.Equal(30, HealthMonitor.DelayAfter(failures: 0).TotalSeconds);
    }

    [Fact]
    public async Task What_has_ended_is_waited_for_only_when_somebody_may_start_it_again()
    {
        _web.Annotations.Add(new WaitAnnotation(_api, WaitType.WaitUntilHealthy));
        var patient = new ResourceNotificationService(TimeProvider.System) { WaitsForUnavailable = true };
        await EndAsync(exitCode: 3);
        await EndAsync(patient, exitCode: 3);

        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(() =>
            _notifications.WaitForDependenciesAsync(_web, TestContext.Current.CancellationToken));
        Assert.Equal("waiting for 'api' is in vain: that ended with exit code 3.", refusal.Message);

        var waiting = patient.WaitForDependenciesAsync(_web, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        await patient.PublishUpdateAsync(_api, snapshot => snapshot with
        {
            State = KnownResourceStates.Running,
            IsReady = true,
        });
        await waiting;
    }

    private Task PublishAsync(string replica, HealthStatus health) =>
        _notifications.PublishUpdateAsync(_api, replica, snapshot => snapshot with
        {
            State = KnownResourceStates.Running,
            HealthReports = [new("check", health, null, null)],
            IsReady = true,
        });

    private Task EndAsync(int exitCode) => EndAsync(_notifications, exitCode);

    private Task EndAsync(ResourceNotificationService notifications, int exitCode) => notifications.PublishUpdateAsync(
        _api, snapshot => snapshot with { State = KnownResourceStates.Finished, ExitCode = exitCode });
}
