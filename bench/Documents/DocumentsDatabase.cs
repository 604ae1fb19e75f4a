using Payments.Bench.Running;

namespace Payments.Bench.Documents;

/// <summary>The documents' tables, and what can be queued and counted in them.</summary>
internal static class DocumentsDatabase
{
    /// <summary>The schema, which the peer on Node shares.</summary>
    private static string SchemaPath => Path.Combine(Repository.Root, "bench", "peers", "documents.sql");

    public static async Task MigrateToDocumentsAsync(this BenchDatabase database, CancellationToken cancel) =>
        await database.ExecuteAsync(await File.ReadAllTextAsync(SchemaPath, cancel), null, cancel);

    /// <summary>Queues payments spread over accounts, as the documents' API writes them.</summary>
    public static Task QueueDocumentsAsync(
        this BenchDatabase database, int payments, int accounts, CancellationToken cancel) =>
        database.ExecuteAsync(QueueSql, new { payments, accounts }, cancel);

    /// <summary>How many payments have their entry: each completed job writes one.</summary>
    public static Task<long> CountDocumentsSettledAsync(this BenchDatabase database, CancellationToken cancel) =>
        database.ScalarAsync<long>("SELECT count(*) FROM ledger_entries", cancel);

    /// <summary>Sentences that are not true of the documents' books.</summary>
    public static async Task CheckDocumentsBooksAsync(this BenchDatabase database, CancellationToken cancel)
    {
        if (await database.ScalarAsync<long>(FaultsSql, cancel) is > 0 and var faults)
        {
            throw new Measuring.VoidRunException($"{faults} accounts of the documents' design are wrong");
        }
    }

    private const string QueueSql = """
        WITH created AS (
            INSERT INTO payments (idempotency_key, account_id, amount, description, created_at)
            SELECT 'queued-' || i, 'bench-' || lpad((i::bigint * 7919 % @accounts)::text, 5, '0'),
                (1 + i % 99999) / 100.0, 'bench payment', now() + i * interval '1 microsecond'
            FROM generate_series(1, @payments) AS i
            RETURNING id, created_at
        )
        INSERT INTO recon_jobs (payment_id, created_at)
        SELECT id, created_at
        FROM created
        ORDER BY created_at
        """;

    private const string FaultsSql = """
        SELECT count(*)
        FROM accounts AS a
        LEFT JOIN (
            SELECT account_id, sum(CASE direction WHEN 'credit' THEN amount ELSE -amount END) AS total
            FROM ledger_entries GROUP BY account_id
        ) AS e ON e.account_id = a.id
        WHERE a.balance <> coalesce(e.total, 0)
        """;
}
