using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Payments.AppHost.Tests;

/// <summary>What a test may do with the AppHost before, instead of and after running it.</summary>
public sealed class TestingBuilderTests
{
    private static readonly string[] NoServices = ["postgres", "migrate", "api", "providers", "worker", "web"];

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Arguments_are_settings_of_the_AppHost_with_dashes_and_without()
    {
        await using var builder = await CreateAsync("Parameters:app-password=given", "--Ports:Api=41999");

        var api = builder.CreateResourceBuilder<ProjectResource>("api").GetEndpoint("http");

        Assert.Equal("given", builder.Configuration["Parameters:app-password"]);
        Assert.Equal(41999, api.EndpointAnnotation.Port);
    }

    [Fact]
    public async Task The_AppHosts_first_launch_profile_is_part_of_its_configuration()
    {
        await using var builder = await CreateAsync();

        Assert.True(builder.Environment.IsDevelopment());
        Assert.Equal("http", builder.Configuration["DOTNET_LAUNCH_PROFILE"]);
        Assert.Equal("true", builder.Configuration["ASPIRE_ALLOW_UNSECURED_TRANSPORT"]);
        Assert.EndsWith("Payments.AppHost", builder.AppHostDirectory, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_can_be_changed_before_the_AppHost_reads_them()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Payments_AppHost>(
            [], (options, settings) =>
            {
                Assert.True(options.DisableDashboard);
                settings.EnvironmentName = "Staging";
            },
            _cancel);

        Assert.Equal("Staging", builder.Environment.EnvironmentName);
    }

    [Fact]
    public async Task A_resource_that_the_AppHost_does_not_have_is_refused_by_name()
    {
        await using var builder = await CreateAsync();

        var unknown = Assert.Throws<InvalidOperationException>(
            () => builder.CreateResourceBuilder<ProjectResource>("nosuch"));
        var other = Assert.Throws<InvalidOperationException>(
            () => builder.CreateResourceBuilder<ProjectResource>("postgres"));

        Assert.Equal("Resource 'nosuch' was not found.", unknown.Message);
        Assert.EndsWith(
            "is not assignable to requested type 'ProjectResource'.", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_AppHosts_own_code_throws_is_thrown_where_the_builder_is_created()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => CreateAsync("Ports:Postgres=many"));

        Assert.Contains("Ports:Postgres", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_building_throws_is_thrown_where_the_test_builds()
    {
        await using var builder = await CreateAsync();
        builder.Services.AddSingleton<NeedsWhatNobodyGives>();

        var error = await Assert.ThrowsAsync<AggregateException>(() => builder.BuildAsync(_cancel));

        Assert.Contains(nameof(NeedsWhatNobodyGives), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_starting_throws_is_thrown_where_the_test_starts()
    {
        await using var builder = await CreateAsync();
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(new BreaksAtTheStart()));
        await using var app = await builder.BuildAsync(_cancel);

        var error = await Assert.ThrowsAsync<DistributedApplicationException>(() => app.StartAsync(_cancel));

        Assert.Equal("Broken at the start.", error.Message);
        Assert.Equal(0, Environment.ExitCode);
    }

    [Fact]
    public async Task A_start_that_is_given_up_ends_what_it_has_begun()
    {
        var hanging = new HangsAtTheStart();
        await using var builder = await CreateAsync();
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(hanging));
        await using var app = await builder.BuildAsync(_cancel);
        using var given = CancellationTokenSource.CreateLinkedTokenSource(_cancel);

        var starting = app.StartAsync(given.Token);
        await hanging.Begun.WaitAsync(_cancel);
        await given.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging.Ended.WaitAsync(_cancel));
    }

    [Fact]
    public async Task An_application_that_was_never_started_can_be_disposed_and_more_than_once()
    {
        var builder = await CreateAsync();
        var app = await builder.BuildAsync(_cancel);

        await app.DisposeAsync();
        await app.DisposeAsync();
        await builder.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => app.StartAsync(_cancel));
    }

    [Fact]
    public async Task A_builder_that_was_never_built_can_be_disposed()
    {
        var builder = await CreateAsync();

        await builder.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => builder.BuildAsync(_cancel));
    }

    [Fact]
    public async Task Addresses_are_asked_for_when_the_application_has_started()
    {
        await using var builder = await CreateAsync();
        await using var app = await builder.BuildAsync(_cancel);

        var early = Assert.Throws<InvalidOperationException>(() => app.GetEndpoint("api"));

        Assert.Equal(
            "The application must be started before resolving endpoints or connection strings.", early.Message);
    }

    [Fact]
    public async Task Each_lack_of_an_address_has_its_own_words()
    {
        await using var builder = await CreateAsync();
        foreach (var name in NoServices)
        {
            builder.CreateResourceBuilder<IResource>(name).WithExplicitStart();
        }

        await using var app = await builder.BuildAsync(_cancel);
        await app.StartAsync(_cancel);

        Assert.Equal(
            [
                "Resource 'nosuch' not found.",
                "Resource 'payments' has no allocated endpoints.",
                "Endpoint 'grpc' for resource 'api' not found.",
                "Resource 'api' does not expose a connection string.",
            ],
            [
                Refusal(() => app.GetEndpoint("nosuch")),
                Refusal(() => app.GetEndpoint("payments")),
                Refusal(() => app.GetEndpoint("api", "grpc")),
                Refusal(() => app.GetConnectionStringAsync("api", _cancel).AsTask()),
            ]);
        Assert.NotEqual(3001, app.GetEndpoint("api").Port);
    }

    private Task<IDistributedApplicationTestingBuilder> CreateAsync(params string[] args) =>
        DistributedApplicationTestingBuilder.CreateAsync<Projects.Payments_AppHost>(args, _cancel);

    // An argument's name follows the words.
    private static string Refusal(Func<object?> ask) =>
        Assert.Throws<ArgumentException>(ask).Message.Split(" (Parameter")[0];

    private sealed class NeedsWhatNobodyGives(ITestOutputHelper nobody)
    {
        public ITestOutputHelper Nobody => nobody;
    }

    private sealed class BreaksAtTheStart : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) =>
            throw new DistributedApplicationException("Broken at the start.");

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class HangsAtTheStart : IHostedService
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task;

        public Task Ended { get; private set; } = Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            Ended = Task.Delay(Timeout.Infinite, cancellationToken);
            _begun.SetResult();
            return Ended;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
