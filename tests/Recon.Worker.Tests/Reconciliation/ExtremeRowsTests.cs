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
}
