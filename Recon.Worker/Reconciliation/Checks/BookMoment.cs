namespace Recon.Worker.Reconciliation.Checks;

/// <summary>
/// A moment of the books that statements can count by after it has passed, without a snapshot that is held: a row
/// counts when the transaction that wrote it was seen then. Rows of the ledger are written once, so none is missing.
/// Columns in this order.
/// </summary>
/// <param name="Snapshot">With its bounds <paramref name="Xmin"/> and <paramref name="Xmax"/>.</param>
/// <param name="Own">The number of the transaction in which the moment is told, which sees itself; 0 without.</param>
internal sealed record BookMoment(string Snapshot, long Xmin, long Xmax, long Own)
{
    public static async Task<BookMoment> NowAsync(PacedSession session, CancellationToken cancel) =>
        (await session.FindAsync<BookMoment>(NowSql, new { }, cancel))!;

    private const string NowSql = """
        SELECT now.snapshot::text, pg_snapshot_xmin(now.snapshot)::text::bigint AS xmin,
            pg_snapshot_xmax(now.snapshot)::text::bigint AS xmax,
            coalesce(pg_current_xact_id_if_assigned()::text::bigint, 0) AS own
        FROM (SELECT pg_current_snapshot() AS snapshot) AS now
        """;
}
