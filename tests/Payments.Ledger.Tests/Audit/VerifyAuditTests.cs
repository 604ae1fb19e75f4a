using Payments.Ledger.Audit;

namespace Payments.Ledger.Tests.Audit;

public sealed class VerifyAuditTests
{
    [Fact]
    public async Task A_trail_that_nobody_touched_is_intact()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();

        var found = await trail.VerifyAsync();

        Assert.Null(found.Damage);
        Assert.Equal((10, 0, 3, 10), (found.Sealed, found.Waiting, found.Checkpoints, found.CheckpointedTo));
        Assert.Equal(64, found.Head!.Length);
    }

    [Theory]
    [InlineData("actor = 'someone else'")]
    [InlineData("outcome = 'refused'")]
    [InlineData("created_at = created_at + interval '1 microsecond'")]
    [InlineData("created_at = '200000-01-01'")]
    [InlineData("created_at = '4000-01-01 BC'")]
    [InlineData("details = details || '{\"reason\": \"fraudulent\"}'")]
    [InlineData("key_id = NULL")]
    [InlineData("account = NULL")]
    [InlineData("account = other_account, other_account = account")]
    public async Task An_edited_event_is_found(string change)
    {
        await using var trail = await AuditTrail.StartWithTenAsync();

        await trail.TamperAsync(
            $"UPDATE audit_events SET {change} WHERE id = (SELECT event_id FROM audit_chain WHERE sequence = 6)");

        await ShouldFindAsync(trail, 6, AuditDamageKind.Edited);
    }

    [Fact]
    public async Task An_event_that_was_edited_together_with_its_hash_is_found()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();

        await trail.TamperAsync("UPDATE audit_chain SET event_hash = sha256('x') WHERE sequence = 6");

        await ShouldFindAsync(trail, 6, AuditDamageKind.Edited);
    }

    [Theory]
    [InlineData("DELETE FROM audit_events WHERE id = (SELECT event_id FROM audit_chain WHERE sequence = 6)")]
    [InlineData("DELETE FROM audit_chain WHERE sequence = 6")]
    [InlineData("""
        DELETE FROM audit_events WHERE id = (SELECT event_id FROM audit_chain WHERE sequence = 6);
        DELETE FROM audit_chain WHERE sequence = 6
        """)]
    public async Task A_deleted_event_is_found(string deletion)
    {
        await using var trail = await AuditTrail.StartWithTenAsync();

        await trail.TamperAsync(deletion);

        await ShouldFindAsync(trail, 6, AuditDamageKind.Deleted);
    }

    [Fact]
    public async Task A_deleted_event_is_found_where_the_gap_was_closed()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();

        await trail.TamperAsync("""
            DELETE FROM audit_events WHERE id = (SELECT event_id FROM audit_chain WHERE sequence = 6);
            DELETE FROM audit_chain WHERE sequence = 6;
            UPDATE audit_chain SET sequence = sequence + 1000 WHERE sequence > 6;
            UPDATE audit_chain SET sequence = sequence - 1001 WHERE sequence > 1000
            """);

        Assert.Equal((6, AuditDamageKind.Deleted), Located(await trail.VerifyAsync()));
    }

    [Theory]
    [InlineData("event_id")]
    [InlineData("event_id, event_hash")]
    [InlineData("event_id, event_hash, hash")]
    public async Task Events_that_changed_places_are_found(string columns)
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        var names = columns.Split(", ");
        var assignments = string.Join(", ", names.Select(name => $"{name} = other.{name}"));

        await trail.TamperAsync($"""
            CREATE TEMPORARY TABLE swapped AS
                SELECT 13 - sequence AS sequence, event_id, event_hash, hash FROM audit_chain
                WHERE sequence IN (6, 7);
            ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_event_id_key;
            UPDATE audit_chain AS c SET {assignments} FROM swapped AS other WHERE c.sequence = other.sequence
            """);

        await ShouldFindAsync(trail, 6, AuditDamageKind.Reordered);
    }

    [Fact]
    public async Task A_cut_off_tail_is_found_by_the_checkpoints()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();

        await trail.TamperAsync("""
            DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_chain WHERE sequence > 7);
            DELETE FROM audit_chain WHERE sequence > 7
            """);

        Assert.Equal((8, AuditDamageKind.Cut), Located(await trail.VerifyAsync()));
        Assert.True((await trail.VerifyAsync(withCheckpoints: false)).Intact);
    }

    [Fact]
    public async Task A_cut_off_chain_is_found_by_the_events_that_are_left()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();

        await trail.TamperAsync("DELETE FROM audit_chain WHERE sequence > 7");

        await ShouldFindAsync(trail, 8, AuditDamageKind.Cut);
    }

    [Fact]
    public async Task A_tail_that_was_cut_and_grew_again_is_found()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        await trail.TamperAsync("""
            DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_chain WHERE sequence > 7);
            DELETE FROM audit_chain WHERE sequence > 7
            """);

        await trail.RecordAsync(5);
        await trail.Sealer.RunOnceAsync(CancellationToken.None);

        Assert.Equal((8, AuditDamageKind.Rewritten), Located(await trail.VerifyAsync()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(10)]
    public async Task A_chain_that_was_rewritten_from_the_middle_is_found_where_it_begins_to_differ(int sequence)
    {
        await using var trail = await AuditTrail.StartWithTenAsync();

        await trail.RewriteFromAsync(sequence);

        Assert.True((await trail.VerifyAsync(withCheckpoints: false)).Intact);
        Assert.Equal((sequence, AuditDamageKind.Rewritten), Located(await trail.VerifyAsync()));
    }

    [Fact]
    public async Task An_event_that_was_deleted_before_it_was_sealed_is_found()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        await trail.RecordAsync(1);

        await trail.TamperAsync("DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_unsealed)");

        await ShouldFindAsync(trail, 11, AuditDamageKind.Deleted);
    }

    [Fact]
    public async Task An_event_that_the_services_role_took_from_the_sealer_is_found()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        await trail.RecordAsync(1);

        await using (var command = trail.Database.App.CreateCommand("DELETE FROM audit_unsealed"))
        {
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await ShouldFindAsync(trail, 11, AuditDamageKind.Cut);
    }

    [Fact]
    public async Task An_event_that_waits_for_long_is_damage_and_one_that_waits_for_a_moment_is_not()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        await trail.RecordAsync(1);

        var soon = await trail.VerifyAsync();
        var late = await trail.VerifyAsync(clock: new LaterClock(VerifyAudit.LongestWait));

        Assert.Equal((null, 1), (soon.Damage, soon.Waiting));
        Assert.Equal((11, AuditDamageKind.Unsealed), Located(late));
    }

    [Fact]
    public async Task A_checkpoint_that_is_gone_is_found()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();

        File.Delete(Directory.EnumerateFiles(trail.Checkpoints.Directory).Order(StringComparer.Ordinal).ElementAt(1));

        Assert.Equal((5, AuditDamageKind.CheckpointMissing), Located(await trail.VerifyAsync()));
    }

    [Fact]
    public async Task Checkpoints_that_are_all_gone_are_missed_once_the_chain_is_old_enough_to_have_some()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        Directory.Delete(trail.Checkpoints.Directory, recursive: true);
        Directory.CreateDirectory(trail.Checkpoints.Directory);

        var soon = await trail.VerifyAsync();
        var late = await trail.VerifyAsync(clock: new LaterClock(VerifyAudit.LongestUncovered));

        Assert.Equal((null, 0), (soon.Damage, soon.Checkpoints));
        Assert.Equal((1, AuditDamageKind.CheckpointMissing), Located(late));
    }

    [Fact]
    public async Task A_checkpoint_that_another_key_signed_is_found()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        await using var forger = await AuditTrail.StartWithTenAsync();
        var forged = Directory.EnumerateFiles(forger.Checkpoints.Directory).Order(StringComparer.Ordinal).Last();

        File.Copy(forged, Path.Combine(trail.Checkpoints.Directory, Path.GetFileName(forged)), overwrite: true);

        Assert.Equal((9, AuditDamageKind.CheckpointInvalid), Located(await trail.VerifyAsync()));
    }

    // With and without checkpoints: what the chain alone shows must not depend on them.
    private static async Task ShouldFindAsync(AuditTrail trail, long sequence, string kind)
    {
        Assert.Equal((sequence, kind), Located(await trail.VerifyAsync()));
        Assert.Equal((sequence, kind), Located(await trail.VerifyAsync(withCheckpoints: false)));
    }

    private static (long, string) Located(AuditVerification found) =>
        found.Damage is { } damage ? (damage.FirstBadSequence, damage.Kind) : (0, "nothing");

    private sealed class LaterClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
