using Dapper;
using Npgsql;
using Payments.Testing;
using Payments.Testing.Faults;

namespace Payments.FaultCampaign;

/// <summary>What the database says afterwards, and every sentence that should be true of it and is not.</summary>
internal sealed class Verdict(NpgsqlDataSource superuser, CampaignOptions options)
{
    private readonly List<string> _failures = [];

    /// <returns>Whether all is as it must be.</returns>
    public async Task<bool> PrintAsync(PaymentLoad load, IReadOnlyList<Fault> faults, int misses)
    {
        await using var connection = await superuser.OpenConnectionAsync();
        var counts = await connection.QuerySingleAsync<Counts>(CountsSql);
        var unknown = await connection.ExecuteScalarAsync<long>(
            UnknownSql, new { keys = load.Accepted.Keys.ToArray(), ids = load.Accepted.Values.ToArray() });
        var hits = faults.Where(fault => fault.IsHit).ToList();
        var recoveries = new List<Recovery>();

        foreach (var hit in hits)
        {
            var seconds = await connection.ExecuteScalarAsync<double>(
                RecoverySql, new { hit.Held.At, hit.Held.Jobs });
            recoveries.Add(new(hit.Kind, seconds, hits.Any(hit.Meets)));
        }

        Line("payments accepted", $"{load.Accepted.Count:N0}, {load.Retries} requests sent again");
        Line("faults", $"{faults.Count} ({Kinds(faults)}), {misses} ticks without a running worker");
        var held = hits.Sum(hit => hit.Held.Jobs.Count);
        Line("of these, on leases", $"{hits.Count} ({Kinds(hits)}), {held} payments held");
        var once = recoveries.Where(recovery => !recovery.IsStruckAgain).GroupBy(recovery => recovery.Kind);

        foreach (var kind in once.OrderBy(kind => kind.Key))
        {
            Line($"recovery from {kind.Key}", Percentiles(kind));
        }

        Line("  struck more than once", Percentiles(recoveries.Where(recovery => recovery.IsStruckAgain)));
        Line("recovery, all", Percentiles(recoveries));
        Line("creation to settled", await connection.ExecuteScalarAsync<string>(LatencySql) ?? "");

        Check(faults.Count >= options.FaultsWanted, $"{faults.Count} faults struck, {options.FaultsWanted} wanted");
        Check(hits.Count >= options.HitsWanted, $"{hits.Count} faults met leases, {options.HitsWanted} wanted");
        Check(!hits.Any(hit => hit.Kind == FaultKind.Restart), "a worker stopped in order still held payments");
        Check(counts.Payments == load.Accepted.Count && unknown == 0,
            $"{counts.Payments} payments are there, {load.Accepted.Count} were accepted, {unknown} of these unknown");
        Check(counts.Pending == 0, $"{counts.Pending} payments are pending");
        Check(counts.Results == counts.Payments, $"{counts.Results} results for {counts.Payments} payments");
        Check(counts.Transactions == counts.Completed,
            $"{counts.Transactions} ledger transactions for {counts.Completed} completed payments");
        Check(counts.Total == 0, $"the entries sum to {counts.Total}");
        Check(counts.Dead == 0, $"{counts.Dead} dead letters");
        Check(counts.Late == 0, $"{counts.Late} jobs were finished after their lease had ended");

        foreach (var fault in await Books.FaultsAsync(superuser))
        {
            Check(false, fault);
        }

        Console.WriteLine(_failures.Count == 0
            ? $"\nEvery payment was settled once and the books are right: {counts.Transactions:N0} transactions, "
                + $"{counts.Entries:N0} entries, sum 0, every balance replays, no dead letter."
            : "\nFAILED:\n" + string.Join('\n', _failures.Select(failure => $"  {failure}")));
        return _failures.Count == 0;
    }

    private static void Line(string name, string value) => Console.WriteLine($"{name,-24}{value}");

    private static string Kinds(IEnumerable<Fault> faults) => string.Join(
        ", ", faults.CountBy(fault => fault.Kind).OrderBy(kind => kind.Key).Select(kind => $"{kind.Value} {kind.Key}"));

    private static string Percentiles(IEnumerable<Recovery> recoveries)
    {
        var sorted = recoveries.Select(recovery => recovery.Seconds).Order().ToList();
        return sorted.Count == 0
            ? "none"
            : $"p50 {At(0.5):0.00} s, p99 {At(0.99):0.00} s, most {sorted[^1]:0.00} s ({sorted.Count})";

        // Nearest rank.
        double At(double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Count) - 1)];
    }

    private void Check(bool isTrue, string otherwise)
    {
        if (!isTrue)
        {
            _failures.Add(otherwise);
        }
    }

    private const string CountsSql = """
        SELECT
            (SELECT count(*) FROM payments) AS payments,
            (SELECT count(*) FROM payments WHERE status = 'pending') AS pending,
            (SELECT count(*) FROM payments WHERE status LIKE 'completed%') AS completed,
            (SELECT count(*) FROM reconciliation_results) AS results,
            (SELECT count(*) FROM ledger_transactions) AS transactions,
            (SELECT count(*) FROM ledger_entries) AS entries,
            (SELECT coalesce(sum(amount), 0)::bigint FROM ledger_entries) AS total,
            (SELECT count(*) FROM recon_jobs WHERE buried_at IS NOT NULL) AS dead,
            (SELECT count(*) FROM recon_jobs WHERE status = 'completed' AND finished_at > available_at) AS late
        """;

    private const string UnknownSql = """
        SELECT count(*)
        FROM unnest(@keys, @ids) AS accepted (key, id)
        LEFT JOIN payments AS p ON p.id = accepted.id AND p.idempotency_key = accepted.key
        WHERE p.id IS NULL
        """;

    // Until the last payment that the victim held was settled, by whomever.
    private const string RecoverySql = """
        SELECT extract(epoch FROM max(j.finished_at) - @At)::float8 FROM recon_jobs AS j WHERE j.id = ANY (@Jobs)
        """;

    private const string LatencySql = """
        SELECT format('p50 %s ms, p99 %s ms',
            round(1000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)),
            round(1000 * percentile_cont(0.99) WITHIN GROUP (ORDER BY seconds)))
        FROM (SELECT extract(epoch FROM j.finished_at - j.created_at) AS seconds FROM recon_jobs AS j) AS settled
        """;

    /// <param name="IsStruckAgain">Who took the payments over, or had them before, was a victim too.</param>
    private sealed record Recovery(FaultKind Kind, double Seconds, bool IsStruckAgain);

    private sealed record Counts(
        long Payments, long Pending, long Completed, long Results, long Transactions, long Entries, long Total,
        long Dead, long Late);
}
