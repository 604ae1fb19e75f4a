using System.Data;
using Dapper;
using Npgsql;

namespace Payments.Ledger.Audit;

/// <summary>
/// Computes the whole chain again from the events, compares it with the signed checkpoints, and says where it first
/// differs and how.
/// </summary>
/// <param name="checkpoints">Null: none are kept, and the chain is compared with itself alone.</param>
public sealed class VerifyAudit(NpgsqlDataSource database, CheckpointStore? checkpoints, TimeProvider clock)
{
    /// <summary>How long an event may wait for its seal before that is damage in itself.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a sealed event may be without a checkpoint where checkpoints are kept: longer than any setting allows.
    /// </summary>
    public static readonly TimeSpan LongestUncovered = TimeSpan.FromHours(25);

    /// <summary>Before this no event waits.</summary>
    internal static readonly DateTimeOffset Never = DateTimeOffset.UnixEpoch;

    private const int PageSize = 1_000;

    /// <summary>
    /// Whether something seals, so that an event which waits for long is damage. In a database that was restored and
    /// has no worker yet, it only waits.
    /// </summary>
    public bool ExpectsSeals { get; init; } = true;

    public async Task<AuditVerification> ExecuteAsync(CancellationToken cancel)
    {
        // Checkpoints first: what they cover is in the snapshot that is taken after.
        var signed = new SignedLinks(checkpoints);
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);

        var (last, before, damage) = await WalkAsync(connection, snapshot, signed, cancel);
        damage ??= IsCut(last, signed);
        var late = ExpectsSeals ? now - LongestWait : Never;
        damage ??= await FindLooseAsync(connection, snapshot, last, late, cancel);
        damage ??= signed.Damage;
        damage ??= await FindUncoveredAsync(connection, snapshot, signed, now, cancel);

        var waiting = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT count(*) FROM audit_unsealed", transaction: snapshot, cancellationToken: cancel));
        var count = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT count(*) FROM audit_chain", transaction: snapshot, cancellationToken: cancel));
        var restores = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            RestoresSql, new { AcceptRestore.Action }, snapshot, cancellationToken: cancel));
        var head = last == 0 ? null : Convert.ToHexStringLower(before);
        return new(now, count, head, waiting, signed.Count, signed.Last(), restores, damage);
    }

    private static async Task<(long Last, byte[] Head, AuditDamage? Damage)> WalkAsync(
        NpgsqlConnection connection, NpgsqlTransaction snapshot, SignedLinks signed, CancellationToken cancel)
    {
        var (last, before) = (0L, AuditHash.Beginning);
        while (true)
        {
            var links = (await connection.QueryAsync<LinkRow, AuditRow?, ChainLink>(
                new CommandDefinition(
                    PageSql, new { last, PageSize }, snapshot, cancellationToken: cancel),
                (link, audited) => new(link, audited),
                splitOn: "id")).AsList();
            foreach (var (link, audited) in links)
            {
                if (Check(link, audited, last + 1, before, signed) is { } suspicion)
                {
                    return (last, before, await ExplainAsync(
                        suspicion, link, audited, before, signed, connection, snapshot, cancel));
                }

                (last, before) = (link.Sequence, link.Hash);
            }

            if (links.Count < PageSize)
            {
                return (last, before, null);
            }
        }
    }

    private static AuditDamage? Check(
        LinkRow link, AuditRow? audited, long place, byte[] before, SignedLinks signed)
    {
        var wanted = signed.At(place);
        return
            link.Sequence != place ? new(
                place, AuditDamageKind.Deleted, $"The link {place} is gone; the next one is {link.Sequence}.")
            : audited is null ? new(
                place, AuditDamageKind.Deleted, $"The event {link.EventId} of the link {place} is gone.")
            : !AuditHash.Of(audited).AsSpan().SequenceEqual(link.EventHash) ? new(
                place, AuditDamageKind.Edited, $"The event {link.EventId} is not what was sealed.")
            : !AuditHash.Link(before, place, link.EventHash).AsSpan().SequenceEqual(link.Hash) ? new(
                place, AuditDamageKind.Edited, $"The link {place} does not follow from the one before.")
            : wanted.IsEmpty || wanted.SequenceEqual(link.Hash) ? null
            : new(
                place, AuditDamageKind.Rewritten,
                $"The chain is another than the signed one from {place} on (event {link.EventId}).");
    }

    // What does not fit at its place may be at home at another.
    private static async Task<AuditDamage> ExplainAsync(
        AuditDamage suspicion, LinkRow link, AuditRow? audited, byte[] before, SignedLinks signed,
        NpgsqlConnection connection, NpgsqlTransaction snapshot, CancellationToken cancel)
    {
        var place = suspicion.FirstBadSequence;
        if (suspicion.Kind != AuditDamageKind.Edited || audited is null)
        {
            return suspicion;
        }

        var wanted = signed.At(place).ToArray();
        var parameters = new { place, eventHash = AuditHash.Of(audited), wanted };
        if (await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            ElsewhereSql, parameters, snapshot, cancellationToken: cancel)) is { } elsewhere)
        {
            return new(
                place, AuditDamageKind.Reordered,
                $"The links {place} and {elsewhere} do not stand where they were sealed.");
        }

        await foreach (var other in connection.QueryUnbufferedAsync<Candidate>(
            LaterSql, new { place }, snapshot).WithCancellation(cancel))
        {
            var moved = AuditHash.Link(before, place, other.EventHash).AsSpan();
            if (moved.SequenceEqual(other.Hash) || moved.SequenceEqual(link.Hash))
            {
                return new(
                    place, AuditDamageKind.Reordered, $"The link {other.Sequence} was sealed as {place}.");
            }
        }

        return wanted.Length > 0 && !link.Hash.AsSpan().SequenceEqual(wanted) && signed.Contains(link.Hash)
            ? new(place, AuditDamageKind.Deleted, $"The link {place} is gone, and a later one was put in its place.")
            : suspicion;
    }

    private static AuditDamage? IsCut(long last, SignedLinks signed) => signed.Last() > last
        ? new(
            last + 1, AuditDamageKind.Cut,
            $"The chain ends at {last}, and was signed up to {signed.Last()}: its tail is gone.")
        : null;

    // Every event is in the chain or waits for it, and what waits exists. Neither can be left without the owner's hand,
    // except by a services' role that deletes from the waiting ones.
    internal static async Task<AuditDamage?> FindLooseAsync(
        NpgsqlConnection connection, NpgsqlTransaction? snapshot, long last, DateTimeOffset late,
        CancellationToken cancel)
    {
        var loose = await connection.QueryFirstOrDefaultAsync<Loose>(new CommandDefinition(
            LooseSql, new { late }, snapshot, cancellationToken: cancel));
        return loose switch
        {
            null => null,
            { Exists: false } => new(
                last + 1, AuditDamageKind.Deleted, $"The event {loose.Id} was deleted before it was sealed."),
            { Waits: false } => new(
                last + 1, AuditDamageKind.Cut, $"The event {loose.Id} has no link in the chain any more."),
            _ => new(
                last + 1, AuditDamageKind.Unsealed, $"The event {loose.Id} was not sealed in time: does a worker run?"),
        };
    }

    // Whoever cuts the tail may take the checkpoints of it as well, or all of them.
    private static async Task<AuditDamage?> FindUncoveredAsync(
        NpgsqlConnection connection, NpgsqlTransaction snapshot, SignedLinks signed, DateTimeOffset now,
        CancellationToken cancel)
    {
        if (signed.Last() is not { } covered)
        {
            return null;
        }

        var isLate = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            UncoveredSql, new { next = covered + 1, late = now - LongestUncovered, AcceptRestore.Action }, snapshot,
            cancellationToken: cancel));
        return isLate
            ? new(
                covered + 1, AuditDamageKind.CheckpointMissing,
                $"No checkpoint covers {covered + 1} and what follows, though it was sealed long ago.")
            : null;
    }

    private const string PageSql = "SELECT c.sequence, c.event_id, c.event_hash, c.hash, " + AuditRow.Columns + """

        FROM audit_chain AS c
        LEFT JOIN audit_events AS e ON e.id = c.event_id
        WHERE c.sequence > @last
        ORDER BY c.sequence
        LIMIT @PageSize
        """;

    private const string ElsewhereSql = """
        SELECT sequence
        FROM audit_chain
        WHERE sequence <> @place AND (event_hash = @eventHash OR hash = @wanted)
        ORDER BY sequence
        LIMIT 1
        """;

    private const string LaterSql = """
        SELECT sequence, event_hash, hash
        FROM audit_chain
        WHERE sequence > @place
        ORDER BY sequence
        """;

    private const string LooseSql = """
        SELECT e.id, true AS exists, u.event_id IS NOT NULL AS waits
        FROM audit_events AS e
        LEFT JOIN audit_unsealed AS u ON u.event_id = e.id
        WHERE NOT EXISTS (SELECT FROM audit_chain AS c WHERE c.event_id = e.id)
            AND (u.event_id IS NULL OR e.created_at < @late)
        UNION ALL
        SELECT u.event_id, false, true
        FROM audit_unsealed AS u
        WHERE NOT EXISTS (SELECT FROM audit_events AS e WHERE e.id = u.event_id)
        ORDER BY exists, waits, id
        LIMIT 1
        """;

    // An accepted restore puts checkpoints aside that covered the end of what was kept: a worker signs that anew.
    private const string UncoveredSql = """
        SELECT EXISTS (
            SELECT
            FROM audit_chain
            WHERE sequence = @next AND sealed_at < @late
        ) AND NOT EXISTS (
            SELECT
            FROM audit_events
            WHERE action = @Action AND created_at >= @late
        )
        """;

    private const string RestoresSql = """
        SELECT count(*)
        FROM audit_events
        WHERE action = @Action
        """;

    private sealed record LinkRow(long Sequence, Guid EventId, byte[] EventHash, byte[] Hash);

    private sealed record ChainLink(LinkRow Link, AuditRow? Audited);

    private sealed record Candidate(long Sequence, byte[] EventHash, byte[] Hash);

    private sealed record Loose(Guid Id, bool Exists, bool Waits);
}
