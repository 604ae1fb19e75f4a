using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Payments.Ledger.Duties;
using Payments.Testing;
using Recon.Worker.Duties;
using Recon.Worker.Jobs;

namespace Recon.Worker.Tests.Duties;

/// <summary>
/// What one worker process has to do duties with. Several of them on one database are what several processes would be.
/// </summary>
internal sealed class TestDuties : IAsyncDisposable
{
    private readonly TestDatabase _database;

    public TestDuties(TestDatabase database, Action<DutyOptions>? configure = null, TimeProvider? clock = null)
    {
        _database = database;
        clock ??= TimeProvider.System;
        Options = new DutyOptions { RetryDelaySeconds = 0.001 };
        configure?.Invoke(Options);
        Sessions = DutySessions.Create(database.AppConnectionString, _ => { });
        Held = new HeldDuties(Sessions, WorkerIdentity.Create(clock), Options, new Random(1));
        Run = new RunDuty(Held, Options, clock, NullLogger<RunDuty>.Instance);
    }

    public DutySessions Sessions { get; }

    public DutyOptions Options { get; }

    public HeldDuties Held { get; }

    public RunDuty Run { get; }

    public DutyLoop Loop(params IDutyHandler[] handlers) =>
        new(Held, Run, handlers, Options, NullLogger<DutyLoop>.Instance);

    /// <summary>What wakes a loop when a duty is added.</summary>
    public Hearing HearingOf(DutyLoop loop) =>
        new(_database.App, [loop], TimeProvider.System, NullLogger<Hearing>.Instance);

    /// <summary>Claims a duty of this handler and runs it once; false when none is due.</summary>
    public async Task<bool> RunOneAsync(IDutyHandler handler, CancellationToken stopping = default)
    {
        if (await Held.ClaimAsync([handler.Kind], CancellationToken.None) is not { } duty)
        {
            return false;
        }

        await Run.ExecuteAsync(duty, handler, stopping);
        return true;
    }

    public ValueTask DisposeAsync() => Sessions.DisposeAsync();
}

/// <summary>Does with a duty what the test says.</summary>
internal sealed class ScriptedDuty(string kind, Func<Duty, CancellationToken, Task<DutyOutcome>> script) : IDutyHandler
{
    public string Kind => kind;

    public bool IsLong { get; init; }

    public int FailureLimit { get; init; } = 3;

    public Func<NpgsqlConnection, Duty, string, Task> Buried { get; init; } = (_, _, _) => Task.CompletedTask;

    public Task<DutyOutcome> RunAsync(Duty duty, CancellationToken cancel) => script(duty, cancel);

    public Task BuriedAsync(NpgsqlConnection connection, Duty duty, string error, CancellationToken cancel) =>
        Buried(connection, duty, error);
}

internal static class DutyRows
{
    /// <summary>Adds a duty as the services do; returns its id, or null when there is one of its name.</summary>
    public static async Task<Guid?> AddDutyAsync(
        this TestDatabase database, string kind, string? name = null, DateTimeOffset? dueAt = null)
    {
        var duty = new NewDuty(Guid.CreateVersion7(), kind, new { Amount = 7 }) { Name = name, DueAt = dueAt };
        await using var connection = await database.App.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var added = await DutyTable.AddAsync(connection, duty, CancellationToken.None);
        await transaction.CommitAsync();
        return added ? duty.Id : null;
    }

    /// <summary>Lets a lease end, as time would.</summary>
    public static Task<int> EndLeaseAsync(this TestDatabase database, Guid? id) => database.ExecuteAsync(
        "UPDATE duties SET available_at = clock_timestamp() - interval '1 second' WHERE id = @id", new { id });

    /// <summary>Status, attempts and failures.</summary>
    public static Task<string> DutyAsync(this TestDatabase database, Guid? id) => database.ScalarAsync<string>(
        "SELECT status || ' ' || attempts || ' ' || failures FROM duties WHERE id = @id", new { id });
}
