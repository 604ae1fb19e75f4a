using Npgsql;
using Payments.Ledger.Accounts;

namespace Payments.Ledger.Postings;

/// <summary>
/// One ledger transaction of several movements, which may be in different currencies: all of its entries or none. Each
/// movement is a debit and a credit of the same amount, so every currency balances by itself.
/// </summary>
/// <param name="createdAt">As of a <see cref="PostingBatch"/>.</param>
public sealed class CompoundPosting(Guid id, string kind, DateTime createdAt)
{
    private readonly List<Entry> _entries = [];

    /// <summary>Moves minor units from one account to the other; an account has one entry at the most.</summary>
    /// <exception cref="ArgumentException">
    /// The amount is not above zero, or an account has an entry already.
    /// </exception>
    /// <exception cref="OverflowException">A balance would leave the range of a 64-bit number.</exception>
    public void Move(LockedAccount debit, LockedAccount credit, long amount, string currency)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(amount);
        if (debit == credit || _entries.Exists(entry => entry.Account == debit || entry.Account == credit))
        {
            throw new ArgumentException("An account can stand only once in a transaction.", nameof(credit));
        }

        Post(debit, -amount, currency);
        Post(credit, amount, currency);
    }

    /// <summary>The statements that write it: the books, then the account rows.</summary>
    public IReadOnlyList<NpgsqlBatchCommand> Statements() =>
    [
        new NpgsqlBatchCommand(PostSql)
        {
            Parameters =
            {
                new() { Value = id },
                new() { Value = kind },
                new() { Value = createdAt },
                new() { Value = _entries.ConvertAll(entry => entry.Account.Id) },
                new() { Value = _entries.ConvertAll(entry => entry.Account.Position) },
                new() { Value = _entries.ConvertAll(entry => entry.Amount) },
                new() { Value = _entries.ConvertAll(entry => entry.Account.Balance) },
                new() { Value = _entries.ConvertAll(entry => entry.Currency) },
            },
        },
        new NpgsqlBatchCommand(PostingBatch.UpdateAccountsSql)
        {
            Parameters =
            {
                new() { Value = _entries.ConvertAll(entry => entry.Account.Id) },
                new() { Value = _entries.ConvertAll(entry => entry.Account.Balance) },
                new() { Value = _entries.ConvertAll(entry => entry.Account.Position) },
                new() { Value = createdAt },
            },
        },
    ];

    private void Post(LockedAccount account, long amount, string currency)
    {
        account.Post(amount);
        _entries.Add(new Entry(account, amount, currency));
    }

    // In one statement, because the triggers of both tables check them against each other.
    private const string PostSql = """
        WITH posting AS (
            INSERT INTO ledger_transactions (id, kind, entry_count, account_ids, positions, created_at)
            VALUES ($1, $2, cardinality($4::bigint[]), $4, $5, $3)
        )
        INSERT INTO ledger_entries (account_id, position, amount, balance_after, created_at, transaction_id, currency)
        SELECT e.account_id, e.position, e.amount, e.balance_after, $3, $1, e.currency
        FROM unnest($4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[])
            AS e (account_id, position, amount, balance_after, currency)
        """;

    private readonly record struct Entry(LockedAccount Account, long Amount, string Currency);
}
