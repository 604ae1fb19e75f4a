using Dapper;
using Npgsql;

namespace Payments.Ledger.Accounts;

/// <summary>
/// Accounts that a transaction holds locked, by name, with the time for entries in them. For transactions that post a
/// few entries; settlement locks by the ids that it remembers.
/// </summary>
public sealed class HeldAccounts
{
    private readonly IReadOnlyDictionary<AccountKey, long> _ids;
    private readonly IReadOnlyDictionary<long, LockedAccount> _locked;

    private HeldAccounts(
        IReadOnlyDictionary<AccountKey, long> ids, IReadOnlyDictionary<long, LockedAccount> locked, DateTime createdAt)
    {
        _ids = ids;
        _locked = locked;
        CreatedAt = createdAt;
    }

    /// <summary>UTC; for the entries of this transaction.</summary>
    public DateTime CreatedAt { get; }

    public LockedAccount this[AccountKey key] => _locked[_ids[key]];

    /// <summary>
    /// Locks the accounts within the connection's open transaction, in id order as everybody does, and opens those that
    /// do not exist.
    /// </summary>
    public static async Task<HeldAccounts> LockAsync(
        NpgsqlConnection connection, IReadOnlyCollection<AccountKey> keys, CancellationToken cancel)
    {
        var ids = await AccountDirectory.FindOrOpenAsync(connection, keys, cancel);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { AccountLocks.Statement([.. ids.Values]) },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        var (locked, createdAt) = await AccountLocks.ReadAsync(reader, cancel);
        return new HeldAccounts(ids, locked, createdAt);
    }

    /// <summary>
    /// What of a locked account may leave it now: not what is promised by queued transfers and refunds. Read by a
    /// statement after the lock, so that what was settled while the lock was waited for is no longer among them.
    /// </summary>
    public async Task<decimal> FreeAsync(NpgsqlConnection connection, AccountKey key, CancellationToken cancel)
    {
        var promised = await connection.ExecuteScalarAsync<decimal>(
            new CommandDefinition(PromisedSql, new { key.Name, key.Currency }, cancellationToken: cancel));
        return this[key].Free(promised);
    }

    private const string PromisedSql = """
        SELECT (
            SELECT coalesce(sum(amount), 0)
            FROM recon_jobs
            WHERE finished_at IS NULL AND payer_account = @name AND kind = 'transfer'
                AND currency = @currency AND amount > 0
        ) + (
            SELECT coalesce(sum(amount), 0)
            FROM refunds
            WHERE status = 'pending' AND account = @name AND currency = @currency
        )
        """;
}
