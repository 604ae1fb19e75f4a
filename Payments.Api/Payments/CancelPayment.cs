using Npgsql;
using Payments.Api.Events;
using Payments.Ledger.Jobs;

namespace Payments.Api.Payments;

/// <summary>
/// Takes a payment back that no worker has claimed: its job and the payment end together, and nothing is posted. A
/// payment that was cancelled before stays so, and that is a success.
/// </summary>
internal sealed class CancelPayment(NpgsqlDataSource database, ChangeFeed changes, Notifier notifier)
{
    /// <returns>Null when the payment is cancelled now, else why it is not.</returns>
    public async Task<Problem?> ExecuteAsync(Guid id, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var command = new NpgsqlCommand(CancelSql, connection) { Parameters = { new() { Value = id } } };
        if (await command.ExecuteScalarAsync(cancel) is not null)
        {
            // Told to the screens here, and by the workers' channel to those of other processes.
            changes.Publish(Change.Payments | Change.Accounts);
            notifier.Signal();
            return null;
        }

        // A statement of its own: the one above may have waited for the claim that it lost to.
        await using var look = new NpgsqlCommand(StatesSql, connection) { Parameters = { new() { Value = id } } };
        await using var reader = await look.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel)
            ? Refusal(payment: reader.GetString(0), job: reader.GetString(1))
            : Problems.PaymentNotFound;
    }

    private static Problem? Refusal(string payment, string job) => (payment, job) switch
    {
        ("cancelled", _) => null,
        ("pending", "dead") => new(
            ProblemTypes.PaymentNotCancellable, "The payment is a dead letter: it waits for an operator."),
        ("pending", _) => new(
            ProblemTypes.PaymentNotCancellable, "A worker has claimed the payment: it is being settled."),
        _ => new(ProblemTypes.PaymentNotCancellable, $"The payment is {payment.Replace('_', ' ')} already."),
    };

    // The job decides. A claim skips a job that is locked here; where the claim came first, this waits for it and then
    // finds the job no longer pending.
    private const string CancelSql = """
        WITH withdrawn AS (
            UPDATE recon_jobs
            SET status = 'cancelled', finished_at = clock_timestamp()
            WHERE id = $1 AND status = 'pending' AND kind IN ('payment', 'transfer')
            RETURNING payment_id
        )
        UPDATE payments AS p
        SET status = 'cancelled'
        FROM withdrawn AS w
        WHERE p.id = w.payment_id AND p.status = 'pending'
        RETURNING p.id
        """;

    private const string StatesSql = """
        SELECT p.status, coalesce(j.status, '')
        FROM payments AS p
        LEFT JOIN recon_jobs AS j ON j.id = p.id
        WHERE p.id = $1
        """;
}
