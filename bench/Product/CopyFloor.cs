using Npgsql;
using Payments.Bench.Running;

namespace Payments.Bench.Product;

/// <summary>
/// The floor: all rows that payments leave behind, copied into the product's own tables over one connection in one
/// transaction, as bytes that were prepared before. Triggers are off: they check statements that hold a transaction
/// together with its entries, which COPY into one table cannot be.
/// </summary>
internal sealed class CopyFloor
{
    private static readonly string[] Tables =
        ["payments", "recon_jobs", "ledger_transactions", "ledger_entries", "reconciliation_results"];

    private readonly List<(string Table, byte[] Rows)> _rows = [];

    private CopyFloor(long payments) => Payments = payments;

    public long Payments { get; }

    /// <summary>Takes the rows of a database whose payments are all settled.</summary>
    public static async Task<CopyFloor> TakeAsync(BenchDatabase settled, CancellationToken cancel)
    {
        var floor = new CopyFloor(await settled.CountPaymentsAsync(cancel));
        await using var connection = await settled.Superuser.OpenConnectionAsync(cancel);
        foreach (var table in Tables)
        {
            using var rows = new MemoryStream();
            await using var copy = await connection.BeginRawBinaryCopyAsync(
                "COPY " + table + " TO STDOUT (FORMAT binary)", cancel);
            await copy.CopyToAsync(rows, cancel);
            floor._rows.Add((table, rows.ToArray()));
        }

        return floor;
    }

    /// <summary>
    /// Copies the rows into an empty, migrated database, and returns the time until they are committed.
    /// </summary>
    public async Task<TimeSpan> CopyAsync(BenchDatabase empty, CancellationToken cancel)
    {
        var clock = TimeProvider.System;
        await using var connection = await empty.Superuser.OpenConnectionAsync(cancel);
        await using (var quiet = new NpgsqlCommand("SET session_replication_role = replica", connection))
        {
            await quiet.ExecuteNonQueryAsync(cancel);
        }

        var started = clock.GetTimestamp();
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        foreach (var (table, rows) in _rows)
        {
            await using var copy = await connection.BeginRawBinaryCopyAsync(
                "COPY " + table + " FROM STDIN (FORMAT binary)", cancel);
            await copy.WriteAsync(rows, cancel);
        }

        await transaction.CommitAsync(cancel);
        return clock.GetElapsedTime(started);
    }
}
