using Npgsql;
using Payments.Ledger.Accounts;
using Payments.Ledger.Postings;
using Recon.Worker.Jobs;
using Recon.Worker.Settlements;

namespace Recon.Worker.Refunds;

/// <summary>
/// The refunds among the jobs of one settlement. Each is posted against its payment's transaction, or failed and its
/// part of the payment released; whichever it is, all of them are written by the same few statements.
/// </summary>
internal sealed class RefundsOfBatch
{
    private const string Kind = "refund";

    private readonly PostingBatch _postings;
    private readonly List<(ClaimedJob Job, Settlement Settlement)> _settled = [];
    private NpgsqlBatchCommand? _settle;

    private RefundsOfBatch(PostingBatch postings) => _postings = postings;

    /// <summary>Null when no job is a refund: then there is nothing to do or to write.</summary>
    /// <param name="postings">Of the whole batch; refunds are posted among the others.</param>
    public static RefundsOfBatch? Of(IReadOnlyList<ClaimedJob> jobs, PostingBatch postings) =>
        jobs.Any(IsRefund) ? new RefundsOfBatch(postings) : null;

    public static bool IsRefund(ClaimedJob job) => job.Kind == Kind;

    /// <summary>
    /// Decides and posts a refund in its turn; null when the job is not one. Its amount was reserved when it was
    /// recorded, so the account that gives back is all that can refuse.
    /// </summary>
    public Settlement? Settle(ClaimedJob job, LockedAccount giver, LockedAccount receiver)
    {
        if (!IsRefund(job))
        {
            return null;
        }

        var settlement = giver.CanPay(job.Amount)
            ? new Settlement("succeeded", job.Amount, Discrepancy: null, FailureReason: null, Kind)
            : Settlement.Failed(job.Amount, "insufficient_funds");
        if (settlement.IsPosted)
        {
            _postings.Transfer(
                job.Id, Kind, giver, receiver, job.Amount, job.Currency, corrects: job.PaymentId);
        }

        _settled.Add((job, settlement));
        return settlement;
    }

    /// <summary>What is left to be settled as payments.</summary>
    public static (IReadOnlyList<ClaimedJob> Jobs, List<Settlement> Settlements) WithoutRefunds(
        IReadOnlyList<ClaimedJob> jobs, List<Settlement> settlements)
    {
        var payments = jobs.Zip(settlements).Where(pair => !IsRefund(pair.First)).ToList();
        return (payments.ConvertAll(pair => pair.First), payments.ConvertAll(pair => pair.Second));
    }

    public void AddStatement(NpgsqlBatch batch)
    {
        _settle = new NpgsqlBatchCommand(SettleRefundsSql)
        {
            Parameters =
            {
                new() { Value = _settled.ConvertAll(pair => pair.Job.Id) },
                new() { Value = _settled.ConvertAll(pair => pair.Settlement.Status) },
                new() { Value = _settled.ConvertAll(pair => pair.Settlement.FailureReason) },
                new() { Value = _postings.CreatedAt },
            },
        };
        batch.BatchCommands.Add(_settle);
    }

    /// <summary>To be called when the batch was executed, before its commit.</summary>
    /// <exception cref="RefundNotPendingException">Not every refund was there and pending.</exception>
    public void CheckWritten()
    {
        if (_settle!.Rows != (ulong)_settled.Count)
        {
            throw new RefundNotPendingException(_settled.Count, _settle.Rows);
        }
    }

    // Payments are locked in id order: two workers that release parts of the same payments then queue instead of
    // deadlocking. A payment is summed up first, since a row can be updated only once by a statement.
    private const string SettleRefundsSql = """
        WITH settled AS (
            SELECT s.id, s.status, s.failure_reason
            FROM unnest($1::uuid[], $2::text[], $3::text[]) AS s (id, status, failure_reason)
        ), released AS (
            SELECT r.payment_id, sum(r.amount)::bigint AS amount
            FROM refunds AS r
            WHERE r.id = ANY (ARRAY (SELECT s.id FROM settled AS s WHERE s.status = 'failed')) AND r.status = 'pending'
            GROUP BY r.payment_id
        ), held AS MATERIALIZED (
            SELECT p.id
            FROM payments AS p
            WHERE p.id = ANY (ARRAY (SELECT l.payment_id FROM released AS l))
            ORDER BY p.id
            FOR NO KEY UPDATE
        ), returned AS (
            UPDATE payments AS p
            SET refunded_amount = p.refunded_amount - l.amount
            FROM released AS l
            JOIN held AS h ON h.id = l.payment_id
            WHERE p.id = l.payment_id
        )
        UPDATE refunds AS r
        SET status = s.status, failure_reason = s.failure_reason, settled_at = $4
        FROM settled AS s
        WHERE r.id = s.id AND r.status = 'pending'
        """;
}

/// <summary>A job is open although its refund is missing or no longer pending. Nothing was written.</summary>
internal sealed class RefundNotPendingException(int jobs, ulong refunds)
    : Exception($"{jobs} refund jobs are open, but only {refunds} of their refunds are pending.");
