using Dapper;
using Npgsql;
using Payments.Api.Events;
using Payments.Api.Payments;

namespace Payments.Api.Transfers;

/// <summary>Finds a transfer by its owner's key, and waits for its end when asked to.</summary>
internal sealed class FindTransfer(
    NpgsqlDataSource database, ChangeFeed changes, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    // A signal says that something settled, not what. However many wait, each looks at most this often, and less
    // often the longer it has waited; and now and then without a signal, in case one was lost.
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <returns>Null when this owner never used the key for a transfer.</returns>
    public async Task<PaymentRow?> ExecuteAsync(int ownerId, string key, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<PaymentRow>(
            new CommandDefinition(FindSql, new { ownerId, key }, cancellationToken: cancel));
    }

    /// <summary>The same, but not before it has ended, the time is up or the process stops.</summary>
    public async Task<PaymentRow?> WaitAsync(int ownerId, string key, TimeSpan longest, CancellationToken cancel)
    {
        // Listened for before the first look: what settles in between is not missed. Without a listener, of which there
        // are only so many, it looks now and then.
        using var listener = changes.Listen();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancel, lifetime.ApplicationStopping);
        var started = clock.GetTimestamp();
        var pause = FirstPause;
        while (true)
        {
            var row = await ExecuteAsync(ownerId, key, cancel);
            var left = longest - clock.GetElapsedTime(started);
            if (row is not { Status: "pending" } || left <= TimeSpan.Zero)
            {
                return row;
            }

            try
            {
                if (listener is not null)
                {
                    await listener.NextAsync(Least(left, LongestPause), stopping.Token);
                }

                await Task.Delay(Least(left, pause), clock, stopping.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return row;
            }

            pause = Least(pause * 2, LongestPause);
        }
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private const string FindSql = """
        SELECT payment.id, payment.payee_account, payment.amount, payment.currency, payment.description,
            payment.status, payment.discrepancy,
            CASE WHEN payment.refunded_amount = 0 THEN 0 ELSE (
                SELECT coalesce(sum(refund.amount), 0)
                FROM refunds AS refund
                WHERE refund.payment_id = payment.id AND refund.status = 'succeeded'
            ) END AS refunded_amount,
            payment.failure_reason, payment.created_at, payment.settled_at, payment.trace_id, payment.payer_account
        FROM payments AS payment
        WHERE payment.owner_id = @ownerId AND payment.idempotency_key = @key AND payment.kind = 'transfer'
        """;
}
