using Npgsql;

namespace Payments.Ledger.Accounts;

/// <summary>The statement that locks account rows, and the reading of its answer.</summary>
public static class AccountLocks
{
    // Accounts are locked in id order: two batches that share accounts then queue instead of deadlocking.
    // The clock is read with each row, after the waiting: the last one is later than every lock.
    private const string Sql = """
        SELECT l.id, l.balance, l.position, l.minimum_balance, l.last_entry_at, clock_timestamp()
        FROM (
            SELECT a.id, a.balance, a.position, a.minimum_balance, a.last_entry_at
            FROM accounts AS a
            WHERE a.id = ANY ($1)
            ORDER BY a.id
            FOR UPDATE
        ) AS l
        """;

    public static NpgsqlBatchCommand Statement(IReadOnlyCollection<long> accountIds) =>
        new(Sql) { Parameters = { new() { Value = accountIds.ToArray() } } };

    /// <summary>
    /// Reads the locked rows by id, and the time for their entries: the database's clock after the last lock, but not
    /// before any account's last entry, should that clock have been set back.
    /// </summary>
    public static async Task<(Dictionary<long, LockedAccount> Accounts, DateTime CreatedAt)> ReadAsync(
        NpgsqlDataReader reader, CancellationToken cancel)
    {
        var accounts = new Dictionary<long, LockedAccount>();
        var createdAt = DateTime.MinValue;
        while (await reader.ReadAsync(cancel))
        {
            var account = new LockedAccount(
                reader.GetInt64(0),
                reader.GetInt64(1),
                reader.GetInt64(2),
                reader.IsDBNull(3) ? null : reader.GetInt64(3),
                reader.GetDateTime(4));
            accounts.Add(account.Id, account);
            createdAt = Later(createdAt, Later(account.LastEntryAt, reader.GetDateTime(5)));
        }

        return (accounts, createdAt);
    }

    private static DateTime Later(DateTime one, DateTime other) => one > other ? one : other;
}
