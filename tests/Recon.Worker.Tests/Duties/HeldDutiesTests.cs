using System.Collections.Concurrent;
using Dapper;
using Npgsql;
using Payments.Testing;
using Recon.Worker.Duties;

namespace Recon.Worker.Tests.Duties;

public sealed class HeldDutiesTests : IAsyncLifetime
{
    private const string Kind = "test.work";

    private readonly TestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        await _database.ExecuteAsync("CREATE TABLE marks (duty uuid); GRANT INSERT ON marks TO payments_app");
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Many_workers_that_claim_at_once_get_each_duty_once()
    {
        var added = new HashSet<Guid?>();
        for (var i = 0; i < 40; i++)
        {
            added.Add(await _database.AddDutyAsync(Kind));
        }

        var claimed = new ConcurrentBag<Guid?>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            await using var worker = new TestDuties(_database);
            while (await worker.Held.ClaimAsync([Kind], Cancel) is { } duty)
            {
                claimed.Add(duty.Id);
            }
        }));

        Assert.Equal(40, claimed.Count);
        Assert.True(added.SetEquals(claimed));
    }

    [Fact]
    public async Task A_duty_is_claimed_when_it_is_due_by_those_who_know_its_kind_and_with_all_it_was_told()
    {
        await using var worker = new TestDuties(_database);
        await _database.AddDutyAsync(Kind, dueAt: TimeProvider.System.GetUtcNow().AddHours(1));
        var id = await _database.AddDutyAsync(Kind);

        Assert.Null(await worker.Held.ClaimAsync(["test.other"], Cancel));
        var duty = await worker.Held.ClaimAsync(["test.other", Kind], Cancel);

        Assert.Equal(id, duty!.Id);
        Assert.Equal(7, duty.Read<Told>().Amount);
        Assert.Null(duty.ReadCheckpoint<Told>());
        Assert.Null(await worker.Held.ClaimAsync([Kind], Cancel));
    }

    [Fact]
    public async Task A_dead_worker_s_duty_is_taken_after_its_lease_with_its_checkpoint_and_a_failure_counted()
    {
        await using var dead = new TestDuties(_database);
        await using var heir = new TestDuties(_database);
        var id = await _database.AddDutyAsync(Kind);
        var lost = await dead.Held.ClaimAsync([Kind], Cancel);
        await using (var connection = await dead.Sessions.OpenAsync(Cancel))
        {
            await lost!.CheckpointAsync(connection, new Told(3), Cancel);
        }

        Assert.Null(await heir.Held.ClaimAsync([Kind], Cancel));
        await _database.EndLeaseAsync(id);
        var taken = await heir.Held.ClaimAsync([Kind], Cancel);

        Assert.Equal((2, 1), (taken!.Attempts, taken.Failures));
        Assert.True(taken.Lease > lost.Lease);
        Assert.Equal(3, taken.ReadCheckpoint<Told>()!.Amount);
    }

    [Fact]
    public async Task A_holder_that_lost_its_duty_writes_nothing_more()
    {
        await using var slow = new TestDuties(_database);
        await using var heir = new TestDuties(_database);
        var id = await _database.AddDutyAsync(Kind);
        var lost = (await slow.Held.ClaimAsync([Kind], Cancel))!;
        await _database.EndLeaseAsync(id);

        // Already before another one has it: its lease is over.
        await Assert.ThrowsAsync<DutyLostException>(() => MarkAsync(slow, lost, guard: true));
        await heir.Held.ClaimAsync([Kind], Cancel);
        await Assert.ThrowsAsync<DutyLostException>(() => MarkAsync(slow, lost, guard: true));
        await Assert.ThrowsAsync<DutyLostException>(() => MarkAsync(slow, lost, guard: false));

        var handler = new ScriptedDuty(Kind, (_, _) => Task.FromResult(DutyOutcome.Done));
        Assert.False(await slow.Held.ExtendAsync(lost, Cancel));
        Assert.False(await slow.Held.CompleteAsync(lost, Cancel));
        Assert.False(await slow.Held.ReturnAsync(lost, TimeSpan.Zero, Cancel));
        Assert.False(await slow.Held.FailAsync(lost, handler, "too late", Cancel));
        Assert.False(await slow.Held.FailAsync(lost with { Failures = 9 }, handler, "too late", Cancel));
        Assert.Equal("processing 2 1", await _database.DutyAsync(id));
        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM marks"));
    }

    [Fact]
    public async Task A_guarded_transaction_and_the_loss_of_the_duty_exclude_each_other()
    {
        await using var holder = new TestDuties(_database);
        await using var heir = new TestDuties(_database);
        var id = await _database.AddDutyAsync(Kind);
        var duty = (await holder.Held.ClaimAsync([Kind], Cancel))!;
        await using var connection = await holder.Sessions.OpenAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await duty.GuardAsync(connection, Cancel);

        // Whatever would take it away waits for the commit.
        var ending = _database.EndLeaseAsync(id);
        await _database.UntilAsync(Conditions.LockIsWaitedFor);
        Assert.Null(await heir.Held.ClaimAsync([Kind], Cancel));
        await transaction.CommitAsync(Cancel);
        await ending;

        Assert.NotNull(await heir.Held.ClaimAsync([Kind], Cancel));
    }

    [Fact]
    public async Task Of_a_name_there_is_one_duty_whoever_adds_it_and_for_ever()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _database.AddDutyAsync(Kind, "once")));
        await using var worker = new TestDuties(_database);
        await worker.RunOneAsync(new ScriptedDuty(Kind, (_, _) => Task.FromResult(DutyOutcome.Done)), Cancel);

        Assert.Single(ids, id => id is not null);
        Assert.Null(await _database.AddDutyAsync(Kind, "once"));
        Assert.NotNull(await _database.AddDutyAsync(Kind, "another"));
    }

    [Theory]
    [InlineData("DELETE FROM duties")]
    [InlineData("TRUNCATE duties")]
    [InlineData("UPDATE duties SET arguments = '{}'")]
    [InlineData("UPDATE duties SET kind = 'test.other'")]
    [InlineData("UPDATE duties SET name = NULL")]
    [InlineData("UPDATE duties SET created_at = now()")]
    [InlineData("UPDATE duties SET traceparent = NULL")]
    public async Task The_services_can_neither_remove_a_duty_nor_change_what_it_was_told(string sql)
    {
        await using var command = _database.App.CreateCommand(sql);

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Cancel));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
    }

    private static async Task MarkAsync(TestDuties worker, Duty duty, bool guard)
    {
        await using var connection = await worker.Sessions.OpenAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await connection.ExecuteAsync("INSERT INTO marks (duty) VALUES (@Id)", duty);
        await (guard ? duty.GuardAsync(connection, Cancel) : duty.CheckpointAsync(connection, new { }, Cancel));
        await transaction.CommitAsync(Cancel);
    }

    private sealed record Told(int Amount);
}
