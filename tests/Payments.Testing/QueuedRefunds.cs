using Npgsql;

namespace Payments.Testing;

/// <summary>A refund to be queued; <paramref name="Amount"/> in minor units.</summary>
public sealed record QueuedRefund(QueuedPayment Payment, long Amount)
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    public string? Traceparent { get; init; }
}

/// <summary>Reserves and queues refunds as the API does, by plain SQL.</summary>
public static class QueuedRefunds
{
    public static async Task QueueAsync(this TestDatabase database, params IReadOnlyList<QueuedRefund> refunds)
    {
        foreach (var refund in refunds)
        {
            await using var command = database.App.CreateCommand(QueueSql);
            command.Parameters.AddRange(new NpgsqlParameter[]
            {
                new() { Value = refund.Id },
                new() { Value = refund.Payment.Id },
                new() { Value = refund.Amount },
                new() { Value = (object?)refund.Traceparent ?? DBNull.Value, DataTypeName = "text" },
            });
            await command.ExecuteNonQueryAsync();
        }
    }

    private const string QueueSql = """
        WITH reserved AS (
            UPDATE payments SET refunded_amount = refunded_amount + $3 WHERE id = $2
        ), recorded AS (
            INSERT INTO refunds (id, payment_id, amount, created_at, owner_id, fingerprint, route, currency, account,
                idempotency_key)
            SELECT $1, p.id, $3, now(), 1, '\x00', 'the test''s', p.currency, p.payee_account, $1::text
            FROM payments AS p
            WHERE p.id = $2
        )
        INSERT INTO recon_jobs (id, payment_id, kind, amount, division, currency, payee_account, payer_account,
            traceparent)
        SELECT $1, p.id, 'refund', $3, j.division, p.currency,
            coalesce(p.payer_account, 'clearing/' || to_char(j.division, 'FM00')), p.payee_account, $4
        FROM payments AS p
        JOIN recon_jobs AS j ON j.id = p.id
        WHERE p.id = $2
        """;
}
