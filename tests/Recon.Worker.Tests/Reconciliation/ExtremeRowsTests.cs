namespace Recon.Worker.Tests.Reconciliation;

/// <summary>
/// Rows with numbers at the end of their range, or with ids that the system gives to nothing. They are found as any
/// other error is: no sum runs over, and nothing lies outside of what is looked at.
/// </summary>
public sealed class ExtremeRowsTests(CheckedBooks books) : IClassFixture<CheckedBooks>
{
    [Fact]
    public async Task A_settled_payment_of_the_least_amount_there_is_was_posted_with_another()
    {
        Assert.Equal(
            ["ledger_consistency: amount_mismatch USD -9223372036854775808 -> 5000"],
            await books.FindAsync(
                "UPDATE payments SET amount = -9223372036854775808 WHERE id = @Id", new { books.Second.Id }));
    }

    // The other entry has to be its opposite, for which there is no room.
    [Fact]
    public async Task A_payment_and_entries_of_the_least_amount_there_is_are_breaks_and_end_no_check()
    {
        Assert.Contains(
            "ledger_consistency: amount_mismatch clearing 2 USD 9223372036854775808 -> -9223372036854775808",
            await books.FindAsync("""
                UPDATE payments SET amount = -9223372036854775808 WHERE id = @Id;
                UPDATE ledger_entries SET amount = -9223372036854775808 WHERE transaction_id = @Id
                """, new { books.Second.Id }));
    }

    [Fact]
    public async Task An_entry_of_an_account_below_zero_belongs_to_nothing()
    {
        Assert.Equal(
            ["ledger_consistency: orphan_entry 1 USD 0 -> 5"],
            await books.FindAsync("""
                INSERT INTO ledger_entries
                    (account_id, position, amount, balance_after, created_at, transaction_id, currency)
                VALUES (-1, 1, 5, 5, now(), gen_random_uuid(), 'USD')
                """));
    }

    // As the services' role could insert it: every trigger is content with it.
    [Fact]
    public async Task A_transaction_with_the_first_id_there_is_needs_its_payment_like_any_other()
    {
        Assert.Equal(
            ["ledger_consistency: transaction_without_payment USD 0 -> 5000"],
            await books.FindAsync("""
                WITH twin AS (
                    SELECT entry.account_id, account.position + 1 AS position, entry.amount,
                        account.balance + entry.amount AS balance_after, entry.currency
                    FROM ledger_entries AS entry
                    JOIN accounts AS account ON account.id = entry.account_id
                    WHERE entry.transaction_id = @id
                ), posting AS (
                    INSERT INTO ledger_transactions (id, kind, entry_count, account_ids, positions, created_at)
                    SELECT '00000000-0000-0000-0000-000000000000', 'payment', 2, array_agg(account_id),
                        array_agg(position), now()
                    FROM twin
                ), entries AS (
                    INSERT INTO ledger_entries
                        (account_id, position, amount, balance_after, created_at, transaction_id, currency)
                    SELECT account_id, position, amount, balance_after, now(),
                        '00000000-0000-0000-0000-000000000000', currency
                    FROM twin
                )
                UPDATE accounts AS account
                SET balance = twin.balance_after, position = twin.position
                FROM twin
                WHERE account.id = twin.account_id
                """, new { books.Second.Id }));
    }
}
