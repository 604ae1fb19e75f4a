namespace Recon.Worker.Tests.Reconciliation;

/// <summary>Deposits, conversions and withdrawals that do not agree with the ledger, to the last minor unit.</summary>
public sealed class FlowCorruptionTests(CheckedBooks books) : IClassFixture<CheckedBooks>
{
    private const string Fail =
        "UPDATE withdrawals SET status = 'failed', failure_reason = 'refused', completed_at = now() WHERE id = ";

    private const string NewDeposit = """
        INSERT INTO deposits (id, amount, created_at, completed_at, status, currency, account_name)
        VALUES (gen_random_uuid(), 5000000, now(), now(), 'completed', 'USDC', 'ACC-A')
        """;

    private const string NewConversion = """
        INSERT INTO conversion_jobs (id, usdc_amount, usd_amount, created_at, completed_at, status, account_name)
        VALUES (gen_random_uuid(), 5000000, 499, now(), now(), 'completed', 'ACC-A')
        """;

    private const string NewWithdrawal = """
        INSERT INTO withdrawals (id, amount, created_at, status, currency, account_name)
        VALUES (gen_random_uuid(), 499, now(), 'reserved', 'USD', 'ACC-A')
        """;

    [Theory]
    [InlineData(NewDeposit, "deposits: missing_deposit ACC-A USDC 5000000 -> 0")]
    [InlineData("UPDATE deposits SET status = 'pending', completed_at = NULL WHERE id = @Deposit",
        "deposits: unexpected_deposit ACC-A USDC 0 -> 500000000")]
    [InlineData("UPDATE deposits SET amount = amount + 1 WHERE id = @Deposit",
        "deposits: deposit_amount_mismatch ACC-A USDC 500000001 -> 500000000")]
    [InlineData("UPDATE deposits SET account_name = 'ACC-B' WHERE id = @Deposit",
        "deposits: misposted_deposit ACC-B USDC 500000000 -> 0")]
    [InlineData("DELETE FROM deposits WHERE id = @Deposit", "deposits: no_deposit USDC 0 -> 500000000")]
    [InlineData(NewConversion, "conversion_jobs: missing_conversion ACC-A USD 499 -> 0")]
    [InlineData("UPDATE conversion_jobs SET usd_amount = usd_amount + 1 WHERE id = @Conversion",
        "conversion_jobs: conversion_amount_mismatch ACC-A USD 9951 -> 9950")]
    [InlineData("UPDATE conversion_jobs SET status = 'failed', failure_reason = 'x' WHERE id = @Conversion",
        "conversion_jobs: unexpected_conversion ACC-A USD 0 -> 9950")]
    [InlineData(NewWithdrawal, "withdrawals: missing_reservation ACC-A USD -499 -> 0")]
    [InlineData("UPDATE withdrawals SET status = 'completed', completed_at = now() WHERE id = @Reserved",
        "withdrawals: missing_payout fiat_exposure USD 500 -> 0")]
    [InlineData(Fail + "@Reserved",
        "withdrawals: missing_release ACC-A USD 500 -> 0")]
    [InlineData("UPDATE withdrawals SET status = 'reserved', completed_at = NULL WHERE id = @PaidOut",
        "withdrawals: unexpected_payout fiat_exposure USD 0 -> 600")]
    [InlineData("UPDATE withdrawals SET status = 'completed', failure_reason = NULL WHERE id = @Released",
        "withdrawals: misposted_payout fiat_exposure USD 700 -> 0")]
    public async Task A_row_that_the_ledger_does_not_agree_with_is_one_break(string error, string found)
    {
        Assert.Equal([found], await books.FindAsync(error));
    }

    [Fact]
    public async Task A_deposit_without_its_entries_and_entries_without_their_deposit_are_found_though_totals_agree()
    {
        const string Error = "UPDATE deposits SET id = gen_random_uuid() WHERE id = @Deposit";
        var deposits = (await books.ResultsAsync(Error))["deposits"];
        var total = Assert.Single(deposits.Totals);

        Assert.Equal((500_000_000, 500_000_000), (total.Expected, total.Actual));
        Assert.Matches(
            "^Deposit [0-9a-f-]{36} of 500.000000 USDC was never posted to ACC-A; the deposit is completed.$",
            deposits.Breaks.Single(one => one.Kind == "missing_deposit").Description);
        Assert.Equal(
            [
                "deposits: missing_deposit ACC-A USDC 500000000 -> 0",
                "deposits: no_deposit USDC 0 -> 500000000",
            ],
            await books.FindAsync(Error));
    }

    [Fact]
    public async Task An_entry_of_a_deposit_that_was_changed_is_named_by_its_running_balance()
    {
        Assert.Equal(
            [
                "account_balance: balance_mismatch ACC-A USDC 400000005 -> 400000000",
                "deposits: deposit_amount_mismatch ACC-A USDC 500000000 -> 500000005",
                "ledger_consistency: amount_mismatch ACC-A 1 USDC 500000000 -> 500000005",
            ],
            await books.FindAsync("""
                UPDATE ledger_entries SET amount = amount + 5 WHERE transaction_id = @Deposit AND amount > 0
                """));
    }

    [Theory]
    [InlineData(1_000_000, "low")]
    [InlineData(1_000_001, "medium")]
    [InlineData(100_000_000, "medium")]
    [InlineData(100_000_001, "high")]
    [InlineData(1_000_000_000, "high")]
    [InlineData(1_000_000_001, "critical")]
    public async Task Severity_follows_the_amount_that_the_break_concerns(long difference, string severity)
    {
        var results = await books.ResultsAsync(
            "UPDATE deposits SET amount = amount + @difference WHERE id = @Deposit", new { difference, books.Deposit });

        var found = Assert.Single(results["deposits"].Breaks);
        Assert.Equal((severity, -difference), (found.Severity, (long)found.Difference!));
        Assert.Equal(books.Deposit, found.FlowId);
    }

    [Fact]
    public async Task An_adjustment_counts_for_what_it_corrects_until_it_is_reversed()
    {
        const string Adjust = """
            UPDATE deposits SET amount = amount + 500000 WHERE id = @Deposit;
            INSERT INTO accounts (name, currency, system) VALUES ('suspense', 'USDC', true);
            INSERT INTO ledger_transactions (id, created_at, entry_count, kind, corrects, account_ids, positions)
            SELECT '22222222-0000-0000-0000-000000000000', now(), 2, 'adjustment', @Deposit, array_agg(id),
                array_agg(position + 1)
            FROM accounts WHERE currency = 'USDC' AND name IN ('ACC-A', 'suspense');
            INSERT INTO ledger_entries
            SELECT id, position + 1, CASE name WHEN 'suspense' THEN -500000 ELSE 500000 END,
                balance + CASE name WHEN 'suspense' THEN -500000 ELSE 500000 END, now(),
                '22222222-0000-0000-0000-000000000000', currency
            FROM accounts WHERE currency = 'USDC' AND name IN ('ACC-A', 'suspense');
            UPDATE accounts SET position = position + 1,
                balance = balance + CASE name WHEN 'suspense' THEN -500000 ELSE 500000 END
            WHERE currency = 'USDC' AND name IN ('ACC-A', 'suspense');
            """;
        const string Reverse = """
            INSERT INTO ledger_transactions (id, created_at, entry_count, kind, corrects, account_ids, positions)
            SELECT '33333333-0000-0000-0000-000000000000', now(), 2, 'reversal',
                '22222222-0000-0000-0000-000000000000', array_agg(id), array_agg(position + 1)
            FROM accounts WHERE currency = 'USDC' AND name IN ('ACC-A', 'suspense');
            INSERT INTO ledger_entries
            SELECT id, position + 1, CASE name WHEN 'suspense' THEN 500000 ELSE -500000 END,
                balance + CASE name WHEN 'suspense' THEN 500000 ELSE -500000 END, now(),
                '33333333-0000-0000-0000-000000000000', currency
            FROM accounts WHERE currency = 'USDC' AND name IN ('ACC-A', 'suspense');
            UPDATE accounts SET position = position + 1,
                balance = balance + CASE name WHEN 'suspense' THEN 500000 ELSE -500000 END
            WHERE currency = 'USDC' AND name IN ('ACC-A', 'suspense');
            """;

        // Its rows in the table of corrections, as they are after each step.
        const string Decide = """
            INSERT INTO reconciliation_adjustments (id, created_at, decided_at, exception_id, account_id, amount,
                corrects, transaction_id, needs_approval, kind, status, currency, account, reason, proposed_by)
            SELECT gen_random_uuid(), now(), now(), gen_random_uuid(), id, 500000, @Deposit,
                '22222222-0000-0000-0000-000000000000', false, 'adjustment', 'posted', 'USDC', 'ACC-A', 'Late.', 'ada'
            FROM accounts WHERE name = 'ACC-A' AND currency = 'USDC';
            """;
        const string Undo = """
            UPDATE reconciliation_adjustments
            SET status = 'undone', undone_at = now(), undone_by = 'ada',
                undo_transaction_id = '33333333-0000-0000-0000-000000000000'
            """;
        const string NotPosted = "deposits: deposit_amount_mismatch ACC-A USDC 500500000 -> 500000000";
        const string NotDecided = "ledger_consistency: transaction_without_decision USDC 0 -> 500000";

        Assert.Empty(await books.FindAsync(Adjust + Decide));
        Assert.Equal([NotPosted], await books.FindAsync(Adjust + Reverse + Decide + Undo));

        // Past the table it counts all the same, and is named.
        Assert.Equal([NotDecided], await books.FindAsync(Adjust));
        Assert.Equal([NotPosted, NotDecided], await books.FindAsync(Adjust + Reverse + Decide));
        Assert.Equal([NotPosted, NotDecided, NotDecided], await books.FindAsync(Adjust + Reverse));
    }
}
