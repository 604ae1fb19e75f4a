using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Accounts;
using Payments.Ledger.Postings;
using Recon.Worker.Jobs;
using Recon.Worker.Refunds;

namespace Recon.Worker.Settlements;

/// <summary>
/// Settles claimed jobs in one transaction: results, postings, balances, payments and the end of the jobs commit
/// together or not at all. The number of statements does not depend on the number of payments.
/// </summary>
internal sealed class SettleBatch(
    [FromKeyedServices(Connections.Settlement)] NpgsqlDataSource database, AccountDirectory directory)
{
    /// <summary>Settles all jobs, in their order.</summary>
    /// <exception cref="LeaseLostException">
    /// The jobs are no longer all this worker's: nothing was written, and they are not to be touched again.
    /// </exception>
    /// <exception cref="NotInTurnException">
    /// Not all of the claim before it was settled, so this one has to wait. Nothing was written.
    /// </exception>
    public async Task<SettledBatch> ExecuteAsync(Claim claim, CancellationToken cancel)
    {
        var (lease, jobs) = (claim.Lease, claim.Jobs);
        var accountIds = await directory.FindOrOpenAsync(AccountsOf(jobs), cancel);

        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);

        var held = await HoldAsync(connection, claim, accountIds, cancel);

        var postings = new PostingBatch(held.CreatedAt);
        var refunds = RefundsOfBatch.Of(jobs, postings);
        var settlements = Decide(jobs, accountIds, held.Accounts, postings, refunds);
        await WriteAsync(connection, lease, held.LeaseEnd, jobs, settlements, postings, refunds, cancel);

        await transaction.CommitAsync(cancel);
        return new SettledBatch(settlements, held.CreatedAt);
    }

    private static HashSet<AccountKey> AccountsOf(IReadOnlyList<ClaimedJob> jobs)
    {
        var keys = new HashSet<AccountKey>();
        foreach (var job in jobs)
        {
            keys.Add(PayerOf(job));
            keys.Add(PayeeOf(job));
        }

        return keys;
    }

    private static AccountKey PayeeOf(ClaimedJob job) => new(job.PayeeAccount, job.Currency);

    private static AccountKey PayerOf(ClaimedJob job) =>
        new(job.PayerAccount ?? AccountName.ClearingOf(job.Division), job.Currency);

    /// <summary>
    /// Finishes the jobs, which holds their rows, and locks the accounts of both ends: in one round trip, unless the
    /// batch before is still being settled.
    /// </summary>
    private async Task<Held> HoldAsync(
        NpgsqlConnection connection,
        Claim claim,
        IReadOnlyDictionary<AccountKey, long> accountIds,
        CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { FinishStatement(claim) } };
        var locks = AccountLocks.Statement([.. accountIds.Values]);
        var isOneTrip = claim.IsInTurn.IsCompleted;
        if (isOneTrip)
        {
            batch.BatchCommands.Add(locks);
        }

        await using var reader = await batch.ExecuteReaderAsync(cancel);
        var leaseEnd = await ReadLeaseEndAsync(reader, claim, cancel);
        await claim.WaitForTurnAsync();
        if (isOneTrip)
        {
            await reader.NextResultAsync(cancel);
            return await ReadHeldAsync(reader, leaseEnd, accountIds.Count, cancel);
        }

        await reader.CloseAsync();
        await using var locking = new NpgsqlBatch(connection) { BatchCommands = { locks } };
        await using var locked = await locking.ExecuteReaderAsync(cancel);
        return await ReadHeldAsync(locked, leaseEnd, accountIds.Count, cancel);
    }

    private static NpgsqlBatchCommand FinishStatement(Claim claim) => new(FinishJobsSql)
    {
        Parameters = { new() { Value = claim.Jobs.Select(job => job.Id).ToArray() }, new() { Value = claim.Lease } },
    };

    private static async Task<DateTime> ReadLeaseEndAsync(
        NpgsqlDataReader reader, Claim claim, CancellationToken cancel)
    {
        await reader.ReadAsync(cancel);
        return reader.GetInt64(0) == claim.Jobs.Count
            ? reader.GetDateTime(1)
            : throw new LeaseLostException(claim.Lease);
    }

    private async Task<Held> ReadHeldAsync(
        NpgsqlDataReader reader, DateTime leaseEnd, int expected, CancellationToken cancel)
    {
        var (accounts, createdAt) = await AccountLocks.ReadAsync(reader, cancel);
        if (accounts.Count != expected)
        {
            directory.Forget();
            throw new InvalidOperationException("Accounts that were found before are gone: the database was replaced.");
        }

        return new Held(leaseEnd, accounts, createdAt);
    }

    // In queue order: whether an account can still pay depends on what was settled before.
    private static List<Settlement> Decide(
        IReadOnlyList<ClaimedJob> jobs,
        IReadOnlyDictionary<AccountKey, long> accountIds,
        Dictionary<long, LockedAccount> accounts,
        PostingBatch postings,
        RefundsOfBatch? refunds)
    {
        var settlements = new Settlement[jobs.Count];
        foreach (var place in PlacesInQueueOrder(jobs, accounts))
        {
            var job = jobs[place];
            var payer = accounts[accountIds[PayerOf(job)]];
            if (refunds?.Settle(job, payer, accounts[accountIds[PayeeOf(job)]]) is { } refund)
            {
                settlements[place] = refund;
                continue;
            }

            var settlement = SettlementRule.Decide(job.Amount, Currency.Get(job.Currency));
            if (settlement.IsPosted && !payer.CanPay(job.Amount))
            {
                settlement = Settlement.Failed(job.Amount, "insufficient_funds");
            }

            if (settlement.IsPosted)
            {
                var payee = accounts[accountIds[PayeeOf(job)]];
                postings.Transfer(job.Id, job.Kind, debit: payer, credit: payee, job.Amount, job.Currency);
            }

            settlements[place] = settlement;
        }

        return [.. settlements];
    }

    // A claim holds one division after the other. Where a minimum balance is at stake, a transfer may live on what one
    // of another division brings: there the order of arrival decides, in all other batches it makes no difference.
    private static IEnumerable<int> PlacesInQueueOrder(
        IReadOnlyList<ClaimedJob> jobs, Dictionary<long, LockedAccount> accounts)
    {
        var places = Enumerable.Range(0, jobs.Count);
        return accounts.Values.Any(account => account.HasMinimum)
            ? places.OrderBy(place => jobs[place].Sequence)
            : places;
    }

    private static async Task WriteAsync(
        NpgsqlConnection connection,
        long lease,
        DateTime leaseEnd,
        IReadOnlyList<ClaimedJob> jobs,
        List<Settlement> settlements,
        PostingBatch postings,
        RefundsOfBatch? refunds,
        CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection);
        if (refunds is not null)
        {
            refunds.AddStatement(batch);
            (jobs, settlements) = RefundsOfBatch.WithoutRefunds(jobs, settlements);
        }

        foreach (var statement in postings.Statements())
        {
            batch.BatchCommands.Add(statement);
        }

        var settle = new NpgsqlBatchCommand(SettlePaymentsSql)
        {
            Parameters =
            {
                new() { Value = jobs.Select(job => job.PaymentId).ToArray() },
                new() { Value = settlements.ConvertAll(settlement => settlement.Status) },
                new() { Value = settlements.ConvertAll(settlement => settlement.Discrepancy) },
                new() { Value = settlements.ConvertAll(settlement => settlement.FailureReason) },
                new() { Value = settlements.ConvertAll(settlement => settlement.Expected) },
                new() { Value = settlements.ConvertAll(settlement => settlement.Actual) },
                new() { Value = settlements.ConvertAll(settlement => settlement.Matched) },
                new() { Value = settlements.ConvertAll(settlement => settlement.Rule) },
                new() { Value = postings.CreatedAt },
            },
        };
        var stillHeld = new NpgsqlBatchCommand(StillHeldSql) { Parameters = { new() { Value = leaseEnd } } };
        batch.BatchCommands.Add(settle);
        batch.BatchCommands.Add(stillHeld);
        await batch.ExecuteNonQueryAsync(cancel);

        if (settle.Rows != (ulong)jobs.Count)
        {
            throw new PaymentNotPendingException(jobs.Count, settle.Rows);
        }

        refunds?.CheckWritten();
        if (stillHeld.Rows != 1)
        {
            throw new LeaseLostException(lease);
        }
    }

    // First of all, since it also locks the rows: from here to the commit nobody can take over a job.
    private const string FinishJobsSql = """
        WITH finished AS (
            UPDATE recon_jobs AS j
            SET status = 'completed', finished_at = clock_timestamp(),
                suspect = false, runs_alone = false, last_error = NULL
            WHERE j.id = ANY ($1) AND j.lease = $2 AND j.status = 'processing' AND j.available_at > clock_timestamp()
            RETURNING j.available_at
        )
        SELECT count(*), coalesce(min(f.available_at), '-infinity') FROM finished AS f
        """;

    private const string SettlePaymentsSql = """
        WITH settled AS (
            SELECT s.payment_id, s.status, s.discrepancy, s.failure_reason, s.expected, s.actual, s.matched, s.rule
            FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::boolean[],
                $8::text[]) AS s (payment_id, status, discrepancy, failure_reason, expected, actual, matched, rule)
        ), results AS (
            INSERT INTO reconciliation_results
                (payment_id, matched, status, expected_amount, actual_amount, discrepancy, rule, created_at)
            SELECT s.payment_id, s.matched, s.status, s.expected, s.actual, s.discrepancy, s.rule, $9
            FROM settled AS s
        )
        UPDATE payments AS p
        SET status = s.status, discrepancy = s.discrepancy, failure_reason = s.failure_reason, settled_at = $9
        FROM settled AS s
        WHERE p.id = s.payment_id AND p.status = 'pending'
        """;

    // The guard again: however long the writing took, a lease that ended meanwhile settles nothing.
    private const string StillHeldSql = "SELECT WHERE clock_timestamp() < $1";

    /// <param name="LeaseEnd">When the first of the leases ends, by the database's clock.</param>
    private sealed record Held(DateTime LeaseEnd, Dictionary<long, LockedAccount> Accounts, DateTime CreatedAt);
}

/// <summary>
/// What was committed: one settlement for each job, in their order, and the time of their entries (UTC).
/// </summary>
internal sealed record SettledBatch(IReadOnlyList<Settlement> Settlements, DateTime CreatedAt);

/// <summary>
/// A job was taken over, or its lease ran out, before its effect could be committed. Nothing was written.
/// </summary>
internal sealed class LeaseLostException(long lease) : Exception($"Lease {lease} is no longer held.");

/// <summary>A job is open although its payment is missing or no longer pending. Nothing was written.</summary>
internal sealed class PaymentNotPendingException(int jobs, ulong payments)
    : Exception($"{jobs} jobs are open, but only {payments} of their payments are pending.");
