using Aspire.Hosting.Testing;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Payments.AppHost.Tests;

/// <summary>
/// An application that the tests of a class, or of a collection, share. Derived classes say what is special.
/// </summary>
public abstract class ApplicationFixture(
    Action<IDistributedApplicationTestingBuilder>? configure = null, params string[] arguments) : IAsyncLifetime
{
    public PaymentsApplication Application { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync() =>
        Application = await PaymentsApplication.StartAsync(arguments, configure);

    public virtual async ValueTask DisposeAsync()
    {
        // Null when it did not come up.
        if (Application is not null)
        {
            await Application.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}

/// <summary>A test on a running application: its output has the application's log, its token a time limit.</summary>
public abstract class ApplicationTests : IDisposable
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(2);

    private readonly IDisposable _log;
    private readonly CancellationTokenSource _limit =
        CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    protected ApplicationTests(ApplicationFixture fixture, ITestOutputHelper output)
    {
        Application = fixture.Application;
        _log = Application.WriteLogsTo(output);
        _limit.CancelAfter(TimeLimit);
    }

    protected PaymentsApplication Application { get; }

    protected CancellationToken Cancel => _limit.Token;

    public virtual void Dispose()
    {
        _log.Dispose();
        _limit.Dispose();
        GC.SuppressFinalize(this);
    }
}
