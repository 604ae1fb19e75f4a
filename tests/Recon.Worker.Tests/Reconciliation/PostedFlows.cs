using Dapper;
using Npgsql;
using Payments.Ledger.Accounts;
using Payments.Ledger.Postings;
using Payments.Testing;

namespace Recon.Worker.Tests.Reconciliation;

/// <summary>Deposits, conversions and withdrawals with their postings, as the API and the worker leave them.</summary>
internal static class PostedFlows
{
    public static async Task<Guid> DepositAsync(
        this TestDatabase database, string account, long amount, CancellationToken cancel)
    {
        var id = Guid.CreateVersion7();
        await WithinAsync(database, async connection =>
        {
            var (buffer, holder) = (new AccountKey("usdc_buffer", "USDC"), new AccountKey(account, "USDC"));
            var held = await HeldAccounts.LockAsync(connection, [buffer, holder], cancel);
            var postings = new PostingBatch(held.CreatedAt);
            postings.Transfer(id, "deposit", held[buffer], held[holder], amount, "USDC");
            await postings.WriteAsync(connection, cancel);
            await connection.ExecuteAsync("""
                INSERT INTO deposits (id, amount, created_at, completed_at, status, currency, account_name)
                VALUES (@id, @amount, now(), now(), 'completed', 'USDC', @account)
                """, new { id, amount, account });
        }, cancel);
        return id;
    }

    public static async Task<Guid> ConvertAsync(
        this TestDatabase database, string account, long usdc, long usd, CancellationToken cancel)
    {
        var id = Guid.CreateVersion7();
        await WithinAsync(database, async connection =>
        {
            var (from, to) = (new AccountKey(account, "USDC"), new AccountKey(account, "USD"));
            var (buffer, exposure) = (new AccountKey("usdc_buffer", "USDC"), new AccountKey("fiat_exposure", "USD"));
            var held = await HeldAccounts.LockAsync(connection, [from, to, buffer, exposure], cancel);
            var posting = new CompoundPosting(id, "conversion", held.CreatedAt);
            posting.Move(held[from], held[buffer], usdc, "USDC");
            posting.Move(held[exposure], held[to], usd, "USD");
            await posting.WriteAsync(connection, cancel);
            await connection.ExecuteAsync("""
                INSERT INTO conversion_jobs (id, usdc_amount, usd_amount, created_at, completed_at, status,
                    account_name)
                VALUES (@id, @usdc, @usd, now(), now(), 'completed', @account)
                """, new { id, usdc, usd, account });
        }, cancel);
        return id;
    }

    /// <param name="status">reserved, completed or failed.</param>
    public static async Task<Guid> WithdrawAsync(
        this TestDatabase database, string account, long amount, string status, CancellationToken cancel)
    {
        var (id, closing) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await WithinAsync(database, async connection =>
        {
            var (holder, pending) = (new AccountKey(account, "USD"), new AccountKey("withdrawals_pending", "USD"));
            var exposure = new AccountKey("fiat_exposure", "USD");
            var held = await HeldAccounts.LockAsync(connection, [holder, pending, exposure], cancel);
            var postings = new PostingBatch(held.CreatedAt);
            postings.Transfer(id, "withdrawal", held[holder], held[pending], amount, "USD");
            if (status == "completed")
            {
                postings.Transfer(closing, "withdrawal", held[pending], held[exposure], amount, "USD");
            }
            else if (status == "failed")
            {
                postings.Transfer(closing, "reversal", held[pending], held[holder], amount, "USD", corrects: id);
            }

            await postings.WriteAsync(connection, cancel);
            await connection.ExecuteAsync("""
                INSERT INTO withdrawals (id, closing_transaction_id, amount, created_at, completed_at, status, currency,
                    account_name, failure_reason)
                VALUES (@id, @closing, @amount, now(), CASE WHEN @status <> 'reserved' THEN now() END, @status, 'USD',
                    @account, CASE WHEN @status = 'failed' THEN 'refused' END)
                """, new { id, closing, amount, status, account });
        }, cancel);
        return id;
    }

    private static async Task WithinAsync(
        TestDatabase database, Func<NpgsqlConnection, Task> work, CancellationToken cancel)
    {
        await using var connection = await database.App.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await work(connection);
        await transaction.CommitAsync(cancel);
    }
}
