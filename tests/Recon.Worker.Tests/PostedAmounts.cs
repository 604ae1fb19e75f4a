using Payments.Testing;

namespace Recon.Worker.Tests;

internal static class PostedAmounts
{
    /// <summary>The amounts of an account's entries, in minor units, in the order in which they were posted.</summary>
    public static Task<IReadOnlyList<long>> PostedAmountsAsync(this TestDatabase database, string account) =>
        database.QueryAsync<long>(
            """
            SELECT e.amount FROM ledger_entries AS e JOIN accounts AS a ON a.id = e.account_id
            WHERE a.name = @account ORDER BY e.position
            """,
            new { account });
}
