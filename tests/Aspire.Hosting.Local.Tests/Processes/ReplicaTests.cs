using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Payments.Testing.Faults;

namespace Aspire.Hosting.Local.Tests.Processes;

/// <summary>Two replicas of a service behind one public port.</summary>
public sealed class ReplicaTests(ReplicaTests.Replicas replicas) : IClassFixture<ReplicaTests.Replicas>
{
    private readonly SampleApplication _application = replicas.Application;

    private Uri Url => SampleApplication.PublicUrl(replicas.Service);

    private IReadOnlyList<string> Ids => replicas.Service.Resource.ReplicaNames();

    [Fact]
    public async Task Each_takes_its_share_of_the_questions_and_has_an_id_a_process_and_a_port_of_its_own()
    {
        var answers = await AnswersAsync(count: 40);

        Assert.Equal(Ids.Select(_application.Pid).Order(), answers.Distinct().Order());
        Assert.Equal(2, Ids.Distinct(StringComparer.Ordinal).Count());
        Assert.All(Ids, id => Assert.Matches("^books-api-[a-z]{8}$", id));

        foreach (var id in Ids)
        {
            var own = _application.OwnUrl(id);
            Assert.NotEqual(Url.Port, own.Port);
            Assert.Equal(_application.Pid(id), await _application.GetAsync<int>(own, "/"));
        }
    }

    [Fact]
    public async Task The_public_port_answers_while_one_is_stopped_and_with_the_new_process_after_its_start()
    {
        var former = _application.Pid(Ids[0]);

        Assert.True((await _application.CommandAsync(Ids[0], "stop")).Success);
        Assert.Equal([_application.Pid(Ids[1])], (await AnswersAsync(count: 4)).Distinct());

        Assert.True((await _application.CommandAsync(Ids[0], "start")).Success);
        await replicas.HealthyAsync();
        var present = _application.Pid(Ids[0]);

        Assert.NotEqual(former, present);
        Assert.Contains(present, await AnswersAsync(count: 40));
    }

    [Fact]
    public async Task One_that_is_killed_is_unhealthy_at_once_and_its_exit_shows()
    {
        var seen = new List<CustomResourceSnapshot>();
        var ended = _application.WaitAsync(Ids[0], snapshot =>
        {
            seen.Add(snapshot);
            return KnownResourceStates.IsTerminal(snapshot.State?.Text);
        });

        ProcessSignals.Kill(_application.Pid(Ids[0]));
        var last = (await ended).Snapshot;

        Assert.NotEqual(0, last.ExitCode);
        Assert.NotNull(last.ExitCode);
        Assert.NotNull(last.StopTimeStamp);
        Assert.All(
            seen.Where(snapshot => snapshot.State?.Text != KnownResourceStates.Running),
            snapshot => Assert.Equal((null, false), (snapshot.HealthStatus, snapshot.IsReady)));
        Assert.Equal(HealthStatus.Healthy, _application.Snapshot(Ids[1]).HealthStatus);

        Assert.True((await _application.CommandAsync(Ids[0], "start")).Success);
        await replicas.HealthyAsync();
    }

    [Fact]
    public async Task One_that_turns_unhealthy_is_seen_as_such_and_so_is_its_recovery()
    {
        var own = _application.OwnUrl(Ids[0]);

        await _application.PostAsync(own, "/health/unhealthy");
        var sick = await _application.WaitAsync(
            Ids[0], snapshot => snapshot.HealthStatus == HealthStatus.Unhealthy);
        var report = Assert.Single(sick.Snapshot.HealthReports);
        Assert.Equal(("books-api_http_/health_200_check", "/health answered 503."), (report.Name, report.Description));
        Assert.Equal(HealthStatus.Healthy, _application.Snapshot(Ids[1]).HealthStatus);

        await _application.PostAsync(own, "/health/healthy");
        await _application.WaitAsync(Ids[0], snapshot => snapshot.HealthStatus == HealthStatus.Healthy);
    }

    private async Task<IReadOnlyList<int>> AnswersAsync(int count)
    {
        var answers = new List<int>();

        while (answers.Count < count)
        {
            answers.Add(await _application.GetAsync<int>(Url, "/"));
        }

        return answers;
    }

    /// <summary>Both replicas, healthy before and after each test.</summary>
    public sealed class Replicas : IAsyncLifetime
    {
        public Replicas() => Service = Application.AddService("books-api").WithReplicas(2);

        internal SampleApplication Application { get; } = new();

        public IResourceBuilder<ProjectResource> Service { get; }

        public Task HealthyAsync() => Application.Notifications.WaitForResourceHealthyAsync(
            Service.Resource.Name, Application.Cancel);

        public async ValueTask InitializeAsync()
        {
            await Application.StartAsync();
            await HealthyAsync();
        }

        public ValueTask DisposeAsync() => Application.DisposeAsync();
    }
}
