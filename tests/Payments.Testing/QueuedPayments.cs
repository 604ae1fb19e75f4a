using Npgsql;
using Payments.Ledger.Jobs;
using Xunit;

namespace Payments.Testing;

/// <summary>
/// A payment to be queued; <paramref name="Amount"/> in minor units, no payer for one out of clearing.
/// </summary>
public sealed record QueuedPayment(string Payee, long Amount, string Currency = "USD", string? Payer = null)
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    public string? Traceparent { get; init; }

    /// <summary>The payer has a minimum balance, so the transfer is queued in the payer's division.</summary>
    public bool PayerHasMinimum { get; init; }

    public short JobDivision => Division.Of(PayerHasMinimum ? Payer! : Payee);
}

/// <summary>Queues payments as the API does, by plain SQL, for tests that need a queue without HTTP.</summary>
public static class QueuedPayments
{
    public static async Task QueueAsync(this TestDatabase database, params IReadOnlyList<QueuedPayment> payments)
    {
        await using var command = database.App.CreateCommand(QueueSql);
        command.Parameters.AddRange(new NpgsqlParameter[]
        {
            new() { Value = payments.Select(payment => payment.Id).ToArray() },
            new() { Value = payments.Select(payment => payment.Payee).ToArray() },
            new() { Value = payments.Select(payment => payment.Payer).ToArray() },
            new() { Value = payments.Select(payment => payment.Amount).ToArray() },
            new() { Value = payments.Select(payment => payment.Currency).ToArray() },
            new() { Value = payments.Select(payment => payment.JobDivision).ToArray() },
            new() { Value = payments.Select(payment => payment.Traceparent).ToArray() },
        });
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Puts jobs among the dead letters, as a worker does with what failed alone three times.</summary>
    public static async Task BuryAsync(this TestDatabase database, string error, params Guid[] ids) =>
        Assert.Equal(ids.Length, await database.ExecuteAsync(BurySql, new { error, ids }));

    /// <summary>Lets every lease end now, as if its time had passed.</summary>
    public static Task EndLeasesAsync(this TestDatabase database) =>
        database.ExecuteAsync("UPDATE recon_jobs SET available_at = clock_timestamp() WHERE status = 'processing'");

    private const string BurySql = """
        UPDATE recon_jobs
        SET status = 'dead', finished_at = now(), buried_at = now(), failures = 3, attempts = 3,
            last_error = @error, locked_by = 'worker-x', locked_at = now()
        WHERE id = ANY (@ids)
        """;

    private const string QueueSql = """
        WITH queued AS (
            SELECT q.id, q.payee, q.payer, q.amount, q.currency, q.division, q.traceparent, q.place,
                CASE WHEN q.payer IS NULL THEN 'payment' ELSE 'transfer' END AS kind
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::smallint[], $7::text[])
                WITH ORDINALITY AS q (id, payee, payer, amount, currency, division, traceparent, place)
        ), recorded AS (
            INSERT INTO payments (id, kind, payee_account, payer_account, amount, currency, owner_id,
                idempotency_key, fingerprint, created_at)
            SELECT q.id, q.kind, q.payee, q.payer, q.amount, q.currency, 1, q.id::text, '\x00', now()
            FROM queued AS q
        )
        INSERT INTO recon_jobs (id, payment_id, kind, division, payee_account, payer_account, amount, currency,
            traceparent)
        SELECT q.id, q.id, q.kind, q.division, q.payee, q.payer, q.amount, q.currency, q.traceparent
        FROM queued AS q
        ORDER BY q.place
        """;
}
