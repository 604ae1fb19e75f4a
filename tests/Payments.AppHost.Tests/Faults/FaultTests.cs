using Aspire.Hosting.ApplicationModel;
using Dapper;
using Npgsql;
using Payments.Testing;

namespace Payments.AppHost.Tests.Faults;

/// <summary>What tests of faults share: a client without retries, and looks at a database that may be away.</summary>
public abstract class FaultTests : ApplicationTests
{
    private static readonly TimeSpan TryLimit = TimeSpan.FromSeconds(3);

    protected FaultTests(FaultySystem system, ITestOutputHelper output)
        : base(system, output) => Client = Application.PlainClient("api", TryLimit);

    /// <summary>Sends each request once, and waits three seconds for its answer at the most.</summary>
    protected HttpClient Client { get; }

    public override void Dispose()
    {
        Client.Dispose();
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts a replica again whose process was killed, and waits until its resource is healthy.</summary>
    protected async Task StartAgainAsync(string resource, Replica replica)
    {
        await Application.App.ResourceNotifications.WaitForResourceAsync(
            replica.Name, update => KnownResourceStates.TerminalStates.Contains(update.Snapshot.State?.Text), Cancel);
        await Application.CommandAsync(replica, KnownResourceCommands.StartCommand, Cancel);
        await Application.App.ResourceNotifications.WaitForResourceHealthyAsync(resource, Cancel);
    }

    /// <summary>One value, read as the superuser; while the server is away, it is waited for.</summary>
    protected Task<T> ReadAsync<T>(string sql, object? parameters = null) => UntilAsync<T>(sql, parameters, _ => true);

    /// <summary>
    /// Looks until the statement, run as the superuser, gives a value that is wanted; fails after a minute.
    /// </summary>
    protected async Task<T> UntilAsync<T>(string sql, object? parameters, Predicate<T?> isWanted)
    {
        var (_, value) = await Conditions.FirstAsync(
            () => TryReadAsync<T>(sql, parameters), look => look.Answered && isWanted(look.Value), sql);
        return value!;
    }

    protected Task AllSettledAsync() =>
        UntilAsync<long>("SELECT count(*) FROM payments WHERE status = 'pending'", null, count => count == 0);

    protected async Task BooksAreRightAsync()
    {
        await Books.ShouldBeRightAsync(Application.Superuser);
        Assert.Equal(0, await ReadAsync<long>("SELECT count(*) FROM recon_jobs WHERE buried_at IS NOT NULL"));
    }

    private async Task<(bool Answered, T? Value)> TryReadAsync<T>(string sql, object? parameters)
    {
        try
        {
            await using var connection = await Application.Superuser.OpenConnectionAsync(Cancel);
            return (true, await connection.ExecuteScalarAsync<T>(
                new CommandDefinition(sql, parameters, cancellationToken: Cancel)));
        }
        catch (NpgsqlException)
        {
            return (false, default);
        }
    }
}
