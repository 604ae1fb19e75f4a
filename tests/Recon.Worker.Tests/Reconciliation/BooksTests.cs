using Dapper;
using Payments.Ledger.Accounts;
using Payments.Testing;

namespace Recon.Worker.Tests.Reconciliation;

/// <summary>
/// What all tests ask about the books sees what a superuser without triggers did to a payment. Each error is planted in
/// a transaction of its own, which is taken back.
/// </summary>
public sealed class BooksTests(CheckedBooks books) : IClassFixture<CheckedBooks>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string ClearingOfFirst => AccountName.ClearingOf(books.First.JobDivision);

    private string ClearingOfSecond => AccountName.ClearingOf(books.Second.JobDivision);

    [Fact]
    public Task Books_that_the_worker_wrote_are_right() => ShouldBeFoundAsync("SELECT 1");

    [Fact]
    public Task Two_payments_that_were_posted_with_each_others_amounts_are_found() => ShouldBeFoundAsync(
        """
        UPDATE ledger_entries
        SET transaction_id = CASE transaction_id WHEN @First THEN @Second ELSE @First END
        WHERE transaction_id IN (@First, @Second)
        """,
        $"payment {books.First.Id} has no entry of 10000 USD in ACC-A",
        $"payment {books.First.Id} has no entry of -10000 USD in {ClearingOfFirst}",
        $"payment {books.Second.Id} has no entry of 5000 USD in ACC-A",
        $"payment {books.Second.Id} has no entry of -5000 USD in {ClearingOfSecond}");

    [Fact]
    public Task A_payment_that_was_posted_to_another_account_is_found() => ShouldBeFoundAsync(
        "UPDATE payments SET payee_account = 'ACC-C' WHERE id = @Second",
        $"payment {books.Second.Id} has no entry of 5000 USD in ACC-C");

    [Fact]
    public Task A_payment_that_was_posted_in_another_currency_is_found() => ShouldBeFoundAsync(
        "UPDATE payments SET currency = 'EUR' WHERE id = @Second",
        $"payment {books.Second.Id} has no entry of 5000 EUR in ACC-A",
        $"payment {books.Second.Id} has no entry of -5000 EUR in {ClearingOfSecond}");

    [Fact]
    public Task A_transfer_that_another_account_paid_is_found() => ShouldBeFoundAsync(
        "UPDATE payments SET payer_account = 'ACC-C' WHERE id = @Transfer",
        $"payment {books.Transfer.Id} has no entry of -3000 USD in ACC-C");

    [Fact]
    public Task A_payment_that_another_part_of_clearing_paid_is_found() => ShouldBeFoundAsync(
        "UPDATE recon_jobs SET division = (division + 1) % 64 WHERE id = @Second",
        $"payment {books.Second.Id} has no entry of -5000 USD in "
            + AccountName.ClearingOf((short)((books.Second.JobDivision + 1) % 64)));

    [Fact]
    public Task A_payment_whose_job_was_cleared_away_may_have_come_from_any_part_of_clearing() => ShouldBeFoundAsync(
        "DELETE FROM recon_jobs WHERE id = @Second");

    // The account of the entry is no clearing account any more; all that were paid from it are found.
    [Fact]
    public Task A_payment_whose_job_was_cleared_away_has_come_from_clearing_all_the_same() => ShouldBeFoundAsync(
        """
        DELETE FROM recon_jobs;
        UPDATE accounts SET name = 'ACC-OF-ANOTHER'
        WHERE id = (SELECT account_id FROM ledger_entries WHERE transaction_id = @Discrepant AND amount < 0)
        """,
        $"payment {books.Discrepant.Id} has no entry of -25013 USD in a part of clearing",
        $"payment {books.Pending.Id} is pending, its job is missing");

    [Fact]
    public Task A_result_that_expects_another_amount_is_found() => ShouldBeFoundAsync(
        "UPDATE reconciliation_results SET expected_amount = 1 WHERE payment_id = @Failed",
        $"payment {books.Failed.Id} is of -1, its result is of 1");

    [Fact]
    public Task A_payment_whose_transaction_is_of_another_kind_is_found() => ShouldBeFoundAsync(
        "UPDATE ledger_transactions SET kind = 'transfer' WHERE id = @Second",
        $"payment {books.Second.Id} is completed and has 0 ledger transactions");

    private async Task ShouldBeFoundAsync(string error, params string[] faults)
    {
        await using var connection = await books.Database.Superuser.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await connection.ExecuteAsync("SET LOCAL session_replication_role = replica");
        await connection.ExecuteAsync(error, new
        {
            First = books.First.Id,
            Second = books.Second.Id,
            Discrepant = books.Discrepant.Id,
            Transfer = books.Transfer.Id,
            Failed = books.Failed.Id,
        });

        var found = await Books.FaultsAsync(connection);
        Assert.Equal(faults.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }
}
