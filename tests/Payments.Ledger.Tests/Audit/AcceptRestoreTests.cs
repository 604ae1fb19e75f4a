using Npgsql;
using Payments.Ledger.Audit;

namespace Payments.Ledger.Tests.Audit;

/// <summary>
/// The database is put back by hand here: its last events are gone, and the checkpoints outside of it are not. A real
/// restore is in the worker's tests.
/// </summary>
public sealed class AcceptRestoreTests
{
    private const string CutBehindSeven = """
        DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_chain WHERE sequence > 7);
        DELETE FROM audit_chain WHERE sequence > 7
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_trail_whose_restore_was_accepted_is_intact_and_goes_on()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        await trail.TamperAsync(CutBehindSeven);

        var result = Assert.IsType<AcceptRestoreResult.Accepted>(await AcceptAsync(trail));
        var accepted = await trail.VerifyAsync();
        await trail.RecordAsync(3);
        await trail.NewSealer().RunOnceAsync(Cancel);
        var later = await trail.VerifyAsync();

        Assert.Equal((7, 10), (result.Kept, result.SignedTo));
        Assert.Equal((null, 7, 1, 1), (accepted.Damage, accepted.Sealed, accepted.Waiting, accepted.Restores));
        Assert.Equal((null, 11, 11, 1), (later.Damage, later.Sealed, later.CheckpointedTo, later.Restores));
    }

    [Fact]
    public async Task The_chain_tells_who_accepted_the_restore_and_why_and_what_was_lost()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        await trail.TamperAsync(CutBehindSeven);

        var result = Assert.IsType<AcceptRestoreResult.Accepted>(await AcceptAsync(trail));
        await trail.NewSealer().RunOnceAsync(Cancel);

        Assert.Equal(
            $"operator audit.restored 7 10 the disk is gone, {result.Place}",
            await trail.Database.ScalarAsync<string>("""
                SELECT concat_ws(' ', actor, action, details->>'kept', details->>'signedTo',
                    (details->>'reason') || ',', details->>'place')
                FROM audit_events
                WHERE id = (SELECT event_id FROM audit_chain WHERE sequence = 8)
                """));
    }

    [Fact]
    public async Task The_checkpoints_that_no_longer_hold_are_kept_as_they_were()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        var before = Contents(trail.Checkpoints.Directory);
        await trail.TamperAsync(CutBehindSeven);

        var result = Assert.IsType<AcceptRestoreResult.Accepted>(await AcceptAsync(trail));

        Assert.Equal([4], trail.Checkpoints.List());
        Assert.Equal(before[1..], Contents(Path.Combine(trail.Checkpoints.Directory, result.Place)));
    }

    // The head of the new chain may be before or behind the last of what was signed.
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task A_restore_is_accepted_too_when_workers_have_gone_on_without_that(int events)
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        await trail.TamperAsync(CutBehindSeven);
        await trail.RecordAsync(events);
        await trail.NewSealer().RunOnceAsync(Cancel);

        var result = Assert.IsType<AcceptRestoreResult.Accepted>(await AcceptAsync(trail));
        await trail.NewSealer().RunOnceAsync(Cancel);
        var found = await trail.VerifyAsync();

        Assert.Equal(7, result.Kept);
        Assert.Equal((null, 7 + events + 1, 7 + events + 1), (found.Damage, found.Sealed, found.CheckpointedTo));
    }

    [Fact]
    public async Task A_restore_to_a_point_of_long_ago_is_accepted_before_a_worker_signs_its_end_anew()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        await trail.TamperAsync(CutBehindSeven + "; UPDATE audit_chain SET sealed_at = sealed_at - interval '3 days'");

        await AcceptAsync(trail);

        Assert.Null((await trail.VerifyAsync()).Damage);
    }

    [Theory]
    [InlineData("UPDATE audit_events SET actor = 'x' WHERE id = (SELECT event_id FROM audit_chain WHERE sequence = 6)")]
    [InlineData("DELETE FROM audit_chain WHERE sequence = 6")]
    [InlineData("DELETE FROM audit_chain WHERE sequence > 7")]
    public async Task Damage_that_no_restore_leaves_is_not_accepted(string damage)
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        await trail.TamperAsync(damage);

        Assert.IsType<AcceptRestoreResult.NoRestore>(await AcceptAsync(trail));

        Assert.Equal([4, 8, 10], trail.Checkpoints.List());
        Assert.Equal(0, (await trail.VerifyAsync()).Restores);
    }

    [Fact]
    public async Task A_restore_is_accepted_once()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        await trail.TamperAsync(CutBehindSeven);
        await AcceptAsync(trail);

        var again = Assert.IsType<AcceptRestoreResult.NoRestore>(await AcceptAsync(trail));

        Assert.True(again.Found.Intact);
        Assert.Equal(1, again.Found.Restores);
    }

    [Fact]
    public async Task While_a_worker_seals_nothing_is_accepted()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        await trail.TamperAsync(CutBehindSeven);
        await using var sealing = await trail.Database.App.OpenConnectionAsync(Cancel);
        await using (var take = new NpgsqlCommand($"SELECT pg_advisory_lock({SealAudit.LockKey})", sealing))
        {
            await take.ExecuteNonQueryAsync(Cancel);
        }

        Assert.IsType<AcceptRestoreResult.SealerRuns>(await AcceptAsync(trail));

        Assert.Equal([4, 8, 10], trail.Checkpoints.List());
    }

    [Fact]
    public async Task An_event_that_waits_for_long_is_no_damage_while_nothing_is_expected_to_seal()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        await trail.RecordAsync(1);
        await trail.TamperAsync("UPDATE audit_events SET created_at = created_at - interval '1 hour'"
            + " WHERE id IN (SELECT event_id FROM audit_unsealed)");

        var expected = await trail.VerifyAsync();
        var found = await new VerifyAudit(trail.Database.App, trail.Checkpoints, TimeProvider.System)
        {
            ExpectsSeals = false,
        }.ExecuteAsync(Cancel);

        Assert.Equal(AuditDamageKind.Unsealed, expected.Damage?.Kind);
        Assert.Equal((null, 1), (found.Damage, found.Waiting));
    }

    private static Task<AcceptRestoreResult> AcceptAsync(AuditTrail trail)
    {
        var clock = TimeProvider.System;
        return new AcceptRestore(trail.Database.App, trail.Checkpoints, new AuditLog(clock), clock)
            .ExecuteAsync(new AuditActor("operator"), "the disk is gone", Cancel);
    }

    private static string[] Contents(string directory) =>
        [.. Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal).Select(File.ReadAllText)];
}
