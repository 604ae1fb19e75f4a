namespace Recon.Worker.Tests.Reconciliation;

/// <summary>
/// What a superuser without triggers can do to the books. Each error is found by the checks that it concerns, once, and
/// nothing else is found: check: kind, account, position, currency, expected -> actual.
/// </summary>
public sealed class LedgerCorruptionTests(CheckedBooks books) : IClassFixture<CheckedBooks>
{
    private const string Place =
        " WHERE account_id = (SELECT id FROM accounts WHERE name = 'ACC-A' AND currency = 'USD') AND position = ";

    // In USD, ACC-A: 100 + 50 + 25 - 30 - 10 + 99.50 - 5 - 6 - 7 + 7 = 223.50, ACC-B: 250.13 + 30 = 280.13.
    [Fact]
    public async Task Clean_books_have_no_break_and_equal_totals()
    {
        var results = await books.ResultsAsync("SELECT 1");

        Assert.All(results.Values, result => Assert.Empty(result.Breaks));
        Assert.All(results.Values, result => Assert.All(result.Totals, total => Assert.Equal(0, total.Difference)));
        Assert.All(results.Values, result => Assert.True(result.ItemsChecked > 0));
    }

    [Theory]
    [InlineData("DELETE FROM ledger_entries" + Place + "2",
        "account_balance: balance_mismatch ACC-A USD 17350 -> 22350",
        "ledger_consistency: missing_entry ACC-A 2 USD 5000 -> 0")]
    [InlineData("UPDATE ledger_entries SET amount = amount + 500" + Place + "2",
        "account_balance: balance_mismatch ACC-A USD 22850 -> 22350",
        "ledger_consistency: amount_mismatch ACC-A 2 USD 5000 -> 5500")]
    [InlineData("UPDATE ledger_entries SET balance_after = balance_after + 500" + Place + "2",
        "ledger_consistency: running_balance_mismatch ACC-A 2 USD 15000 -> 15500")]
    [InlineData("UPDATE ledger_entries SET amount = amount + 500, balance_after = balance_after + 500" + Place + "2",
        "account_balance: balance_mismatch ACC-A USD 22850 -> 22350",
        "ledger_consistency: amount_mismatch ACC-A 2 USD 5000 -> 5500",
        "ledger_consistency: running_balance_mismatch ACC-A 3 USD 18000 -> 17500")]
    [InlineData("UPDATE ledger_entries SET transaction_id = gen_random_uuid()" + Place + "2",
        "ledger_consistency: orphan_entry ACC-A 2 USD 0 -> 5000")]
    [InlineData("UPDATE ledger_entries SET transaction_id = @Refund" + Place + "2",
        "ledger_consistency: duplicated_entry ACC-A 2 USD 0 -> 5000")]
    [InlineData("UPDATE ledger_entries SET created_at = created_at - interval '1 year'" + Place + "2",
        "ledger_consistency: time_disorder ACC-A 2 USD ->")]
    [InlineData("UPDATE ledger_entries SET currency = 'EUR'" + Place + "2",
        "ledger_consistency: currency_mismatch ACC-A 2 EUR ->")]
    [InlineData("UPDATE accounts SET balance = balance - 1 WHERE name = 'ACC-A' AND currency = 'USD'",
        "account_balance: balance_mismatch ACC-A USD 22350 -> 22349")]
    [InlineData("UPDATE accounts SET position = position + 1 WHERE name = 'ACC-B'",
        "account_balance: position_mismatch ACC-B USD 28013 -> 28013")]
    public async Task An_error_in_an_entry_or_an_account_is_one_break_of_each_check_it_concerns(
        string error, params string[] found)
    {
        Assert.Equal(found, await books.FindAsync(error));
    }

    [Fact]
    public async Task The_last_entry_of_an_account_is_missed_like_any_other()
    {
        Assert.Equal(
            [
                "account_balance: balance_mismatch ACC-B USD 25013 -> 28013",
                "ledger_consistency: missing_entry ACC-B 2 USD 3000 -> 0",
            ],
            await books.FindAsync(
                "DELETE FROM ledger_entries WHERE transaction_id = @id AND amount > 0", new { books.Transfer.Id }));
    }

    [Fact]
    public async Task An_entry_that_was_posted_twice_is_named()
    {
        Assert.Equal(
            ["ledger_consistency: duplicated_entry ACC-B 3 USD 0 -> 25013"],
            await books.FindAsync("""
                INSERT INTO ledger_entries
                SELECT account_id, 3, amount, 28013 + amount, now(), transaction_id, currency
                FROM ledger_entries WHERE transaction_id = @id AND amount > 0;
                UPDATE accounts SET balance = balance + 25013, position = 3 WHERE name = 'ACC-B'
                """, new { books.Discrepant.Id }));
    }

    [Fact]
    public async Task A_payment_that_was_posted_twice_leaves_a_transaction_without_a_payment()
    {
        Assert.Equal(
            ["ledger_consistency: transaction_without_payment USD 0 -> 3000"],
            await books.FindAsync("""
                CREATE TEMPORARY TABLE doubled ON COMMIT DROP AS
                SELECT a.id, a.position + 1 AS position, e.amount, a.balance + e.amount AS balance
                FROM ledger_entries AS e JOIN accounts AS a ON a.id = e.account_id
                WHERE e.transaction_id = @id;
                INSERT INTO ledger_transactions (id, created_at, entry_count, kind, account_ids, positions)
                SELECT '11111111-0000-0000-0000-000000000000', now(), 2, 'transfer', array_agg(id), array_agg(position)
                FROM doubled;
                INSERT INTO ledger_entries
                SELECT id, position, amount, balance, now(), '11111111-0000-0000-0000-000000000000', 'USD' FROM doubled;
                UPDATE accounts AS a SET balance = d.balance, position = d.position FROM doubled AS d WHERE d.id = a.id
                """, new { books.Transfer.Id }));
    }

    // Right in itself: it balances, follows both accounts' entries, and their rows agree with it.
    [Theory]
    [InlineData("adjustment", "NULL")]
    [InlineData("adjustment", "@Second")]
    [InlineData("adjustment", "@Deposit")]
    [InlineData("reversal", "NULL")]
    [InlineData("reversal", "@Second")]
    [InlineData("reversal", "@Released")]
    public async Task Money_that_was_moved_as_a_correction_without_a_decision_is_found(string kind, string corrects)
    {
        var error = $"""
            INSERT INTO ledger_transactions (id, created_at, entry_count, kind, corrects, account_ids, positions)
            SELECT '11111111-0000-0000-0000-000000000000', now(), 2, '{kind}', {corrects}, array_agg(id),
                array_agg(position + 1)
            FROM accounts WHERE currency = 'USD' AND name IN ('ACC-A', 'ACC-B');
            INSERT INTO ledger_entries
            SELECT id, position + 1, CASE name WHEN 'ACC-A' THEN -700 ELSE 700 END,
                balance + CASE name WHEN 'ACC-A' THEN -700 ELSE 700 END, now(),
                '11111111-0000-0000-0000-000000000000', currency
            FROM accounts WHERE currency = 'USD' AND name IN ('ACC-A', 'ACC-B');
            UPDATE accounts SET position = position + 1,
                balance = balance + CASE name WHEN 'ACC-A' THEN -700 ELSE 700 END
            WHERE currency = 'USD' AND name IN ('ACC-A', 'ACC-B');
            """;

        var found = await books.FindAsync(error, new { Second = books.Second.Id, books.Deposit, books.Released });

        Assert.Equal("ledger_consistency: transaction_without_decision USD 0 -> 700", found[^1]);
        Assert.Single(found);
    }

    [Fact]
    public async Task A_settled_payment_that_was_never_posted_is_missed()
    {
        Assert.Equal(
            ["ledger_consistency: missing_transaction USD 100 -> 0"],
            await books.FindAsync(
                "UPDATE payments SET status = 'completed', settled_at = now() WHERE id = @id",
                new { books.Pending.Id }));
    }

    [Fact]
    public async Task A_payment_that_was_posted_and_is_not_settled_is_named()
    {
        Assert.Equal(
            ["ledger_consistency: posted_but_not_settled USD 0 -> 2500"],
            await books.FindAsync(
                "UPDATE payments SET status = 'pending', settled_at = NULL WHERE id = @id", new { books.Third.Id }));
    }

    [Fact]
    public async Task A_refund_that_succeeded_needs_its_transaction_too()
    {
        Assert.Equal(
            [
                "account_balance: balance_mismatch ACC-A USD 23350 -> 22350",
                "account_balance: balance_mismatch clearing USD -17500 -> -16500",
                "ledger_consistency: missing_entry ACC-A 5 USD ->",
                "ledger_consistency: missing_transaction USD 1000 -> 0",
            ],
            await books.FindAsync("""
                DELETE FROM ledger_entries WHERE transaction_id = @Refund;
                DELETE FROM ledger_transactions WHERE id = @Refund
                """));
    }

    // Written as wrongly as that from the start: the entry, its transaction's list and both accounts' rows agree.
    [Fact]
    public async Task A_refund_that_was_credited_to_another_account_than_its_payment_came_from_is_named()
    {
        Assert.Equal(
            ["ledger_consistency: wrong_accounts USD 1000 -> 1000"],
            await books.FindAsync("""
                CREATE TEMPORARY TABLE moved ON COMMIT DROP AS
                SELECT e.account_id, e.position, t.place, b.id AS other, b.position + 1 AS other_position,
                    b.balance + e.amount AS other_balance
                FROM ledger_entries AS e
                JOIN accounts AS b ON b.name = 'ACC-B' AND b.currency = 'USD'
                CROSS JOIN LATERAL (
                    SELECT array_position(account_ids, e.account_id) AS place
                    FROM ledger_transactions
                    WHERE id = @Refund
                ) AS t
                WHERE e.transaction_id = @Refund AND e.amount > 0;
                UPDATE accounts AS a
                SET position = a.position - 1, balance = a.balance - 1000 FROM moved AS m WHERE a.id = m.account_id;
                UPDATE ledger_entries AS e
                SET account_id = m.other, position = m.other_position, balance_after = m.other_balance
                FROM moved AS m WHERE e.account_id = m.account_id AND e.position = m.position;
                UPDATE ledger_transactions AS t
                SET account_ids[m.place] = m.other, positions[m.place] = m.other_position
                FROM moved AS m WHERE t.id = @Refund;
                UPDATE accounts AS a SET position = m.other_position, balance = m.other_balance
                FROM moved AS m WHERE a.id = m.other
                """));
    }

    // Neither the payment nor its refund went where the payment's row now says.
    [Fact]
    public async Task A_refund_of_a_transfer_that_was_credited_to_the_clearing_account_is_named_beside_the_transfer()
    {
        Assert.Equal(
            [
                "ledger_consistency: wrong_accounts USD 1000 -> 1000",
                "ledger_consistency: wrong_accounts USD 10000 -> 10000",
            ],
            await books.FindAsync(
                """
                UPDATE payments SET kind = 'transfer', payer_account = 'ACC-B' WHERE id = @id;
                UPDATE ledger_transactions SET kind = 'transfer' WHERE id = @id
                """,
                new { books.First.Id }));
    }

    [Theory]
    [InlineData("UPDATE payments SET amount = 6000 WHERE id = @id",
        "ledger_consistency: amount_mismatch USD 6000 -> 5000")]
    [InlineData("UPDATE payments SET payee_account = 'ACC-B' WHERE id = @id",
        "ledger_consistency: wrong_accounts USD 5000 -> 5000")]
    [InlineData("UPDATE payments SET currency = 'EUR' WHERE id = @id",
        "ledger_consistency: wrong_accounts EUR 5000 -> 5000")]
    [InlineData("UPDATE ledger_transactions SET kind = 'refund' WHERE id = @id",
        "ledger_consistency: wrong_kind USD 5000 -> 5000")]
    public async Task A_payment_and_its_transaction_say_the_same(string error, string found)
    {
        Assert.Equal([found], await books.FindAsync(error, new { books.Second.Id }));
    }

    [Fact]
    public async Task A_payment_that_was_changed_on_both_sides_is_found_although_its_transaction_balances()
    {
        var found = await books.FindAsync(
            "UPDATE ledger_entries SET amount = amount + sign(amount)::int * 500 WHERE transaction_id = @id",
            new { books.Second.Id });

        Assert.Equal("ledger_consistency: amount_mismatch USD 5000 -> 5500", found[^1]);
        Assert.Equal(3, found.Count);
        Assert.All(
            found.Take(2),
            one => Assert.StartsWith("account_balance: balance_mismatch", one, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_errors_that_cancel_out_in_the_total_are_both_found()
    {
        const string Error = """
            UPDATE ledger_entries SET amount = amount + 500 WHERE transaction_id = @First AND amount > 0;
            UPDATE ledger_entries SET amount = amount - 500 WHERE transaction_id = @Second AND amount > 0
            """;
        var parameters = new { First = books.First.Id, Second = books.Discrepant.Id };
        var results = await books.ResultsAsync(Error, parameters);

        Assert.Equal(0, results["ledger_consistency"].Totals.Single(total => total.Currency == "USD").Difference);
        Assert.Equal(0, results["account_balance"].Totals.Single(total => total.Currency == "USD").Difference);
        Assert.Equal(
            [
                "account_balance: balance_mismatch ACC-A USD 22850 -> 22350",
                "account_balance: balance_mismatch ACC-B USD 27513 -> 28013",
                "ledger_consistency: amount_mismatch ACC-A 1 USD 10000 -> 10500",
                "ledger_consistency: amount_mismatch ACC-B 1 USD 25013 -> 24513",
            ],
            await books.FindAsync(Error, parameters));
    }

    [Fact]
    public async Task Every_break_of_the_ledger_is_critical_and_names_account_position_and_amounts()
    {
        var results = await books.ResultsAsync("UPDATE ledger_entries SET amount = amount + 1" + Place + "2");
        var found = Assert.Single(results["ledger_consistency"].Breaks);

        Assert.Equal("critical", found.Severity);
        Assert.Equal(1, found.Difference);
        Assert.Equal(books.Second.Id, found.PaymentId);
        Assert.Equal(
            $"Entry 2 of ACC-A is +50.01 USD, but by its payment {books.Second.Id} it should be +50.00 USD.",
            found.Description);
        Assert.Equal("low", Assert.Single(results["account_balance"].Breaks).Severity);
        Assert.Equal(
            "The row of ACC-A says 223.50 USD, but its entries sum to 223.51 USD: -0.01 USD.",
            results["account_balance"].Breaks[0].Description);
    }

    [Fact]
    public async Task The_same_break_has_the_same_key_whenever_it_is_seen_and_no_other_has_it()
    {
        const string Error = """
            UPDATE ledger_entries SET balance_after = balance_after + 500 WHERE position IN (1, 3);
            UPDATE accounts SET balance = balance + 7
            """;
        var keys = await KeysAsync();

        Assert.Equal(keys, await KeysAsync());
        Assert.Equal(keys.Count, keys.Distinct().Count());
        Assert.True(keys.Count > 10);

        async Task<List<string>> KeysAsync() =>
            [.. (await books.ResultsAsync(Error))
                .SelectMany(one => one.Value.Breaks.Select(found => one.Key + found.Key))];
    }
}
