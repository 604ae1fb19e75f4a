using Dapper;
using Payments.Ledger.Accounts;
using Payments.Ledger.Postings;

namespace Payments.Testing;

/// <summary>Breaks that somebody planted, and their exceptions as a run would have recorded them.</summary>
public static class PlantedExceptions
{
    /// <summary>
    /// A completed deposit that says one amount and is posted with another, and its exception; amounts in millionths
    /// of a USDC.
    /// </summary>
    /// <returns>The exception's id and the deposit's, which is also the transaction's.</returns>
    public static async Task<(Guid Exception, Guid Deposit)> PlantDepositAsync(
        this TestDatabase database, string account, long said, long posted, string severity = "low")
    {
        var id = Guid.CreateVersion7();
        await using (var connection = await database.App.OpenConnectionAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            var (buffer, holder) = (new AccountKey("usdc_buffer", "USDC"), new AccountKey(account, "USDC"));
            var held = await HeldAccounts.LockAsync(connection, [buffer, holder], CancellationToken.None);
            var postings = new PostingBatch(held.CreatedAt);
            postings.Transfer(id, "deposit", held[buffer], held[holder], posted, "USDC");
            await postings.WriteAsync(connection, CancellationToken.None);
            await connection.ExecuteAsync("""
                INSERT INTO deposits (id, amount, created_at, completed_at, status, currency, account_name)
                VALUES (@id, @said, now(), now(), 'completed', 'USDC', @account)
                """, new { id, said, account });
            await transaction.CommitAsync();
        }

        var exception = await database.PlantAsync(new PlantedException("deposits", "deposit_amount_mismatch")
        {
            Key = $"deposit_amount_mismatch/{id}/USDC",
            Severity = severity,
            Currency = "USDC",
            Account = account,
            Expected = said,
            Actual = posted,
            FlowId = id,
            TransactionId = id,
        });
        return (exception, id);
    }

    /// <summary>An account whose row says more than its entries, and its exception.</summary>
    public static async Task<Guid> PlantAccountRowAsync(this TestDatabase database, string account, long tooMuch)
    {
        var (balance, position) = (await database.QueryAsync<(long, long)>("""
            UPDATE accounts
            SET balance = balance + @tooMuch
            WHERE name = @account AND currency = 'USDC'
            RETURNING balance, position
            """, new { account, tooMuch })).Single();
        return await database.PlantAsync(new PlantedException("account_balance", "balance_mismatch")
        {
            Key = "balance_mismatch/" + account,
            Currency = "USDC",
            Account = account,
            Expected = balance - tooMuch,
            Actual = balance,
            Position = position,
        });
    }

    public static Task<Guid> PlantAsync(this TestDatabase database, PlantedException planted) =>
        database.ScalarAsync<Guid>("""
            INSERT INTO reconciliation_exceptions (id, created_at, first_seen_at, last_seen_at, due_at, updated_at,
                check_type, break_key, kind, severity, description, expected, actual, difference, currency,
                account_id, account_name, position, flow_id, transaction_id, payment_id, assignee)
            SELECT @id, now(), now(), now(), now() + @due * interval '1 hour', now(), @checkType, @key, @kind,
                @severity, @description, @expected, @actual, @actual - @expected, @currency,
                (SELECT id FROM accounts WHERE name = @account AND currency = @currency), @account, @position, @flowId,
                @transactionId, @paymentId, @assignee
            RETURNING id
            """, planted);

    /// <summary>Says that a run saw it.</summary>
    public static Task<int> SightAsync(this TestDatabase database, Guid exception, Guid report) =>
        database.ExecuteAsync("""
            INSERT INTO reconciliation_sightings (exception_id, report_id, seen_at, difference)
            SELECT id, @report, now(), difference FROM reconciliation_exceptions WHERE id = @exception
            """, new { exception, report });

    /// <summary>Status, and the kinds of its story.</summary>
    public static Task<string> StoryAsync(this TestDatabase database, Guid exception) =>
        database.ScalarAsync<string>(StorySql, new { exception });

    private const string StorySql = """
        SELECT e.status || ':' || coalesce((
            SELECT string_agg(' ' || v.kind, '' ORDER BY v.number)
            FROM reconciliation_exception_events AS v
            WHERE v.exception_id = e.id
        ), '')
        FROM reconciliation_exceptions AS e
        WHERE e.id = @exception
        """;
}

/// <summary>An exception that is to be written, amounts in minor units.</summary>
public sealed record PlantedException(string CheckType, string Kind)
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    public string Key { get; init; } = Guid.CreateVersion7().ToString();

    public string Severity { get; init; } = "low";

    public string Description { get; init; } = "Something is wrong.";

    public string? Currency { get; init; } = "USD";

    public string? Account { get; init; }

    public decimal? Expected { get; init; }

    public decimal? Actual { get; init; }

    public long? Position { get; init; }

    public Guid? FlowId { get; init; }

    public Guid? TransactionId { get; init; }

    public Guid? PaymentId { get; init; }

    public string? Assignee { get; init; }

    /// <summary>Hours from now.</summary>
    public int Due { get; init; } = 24;
}
