using Npgsql;
using Payments.Ledger.Accounts;

namespace Payments.Ledger.Postings;

/// <summary>
/// Postings of one database transaction over accounts that it holds locked. They are computed here, in order, and
/// written in two statements however many there are: the books with their running balances, then the account rows.
/// </summary>
/// <param name="createdAt">
/// UTC; taken after the accounts were locked, and never before any of their last entries.
/// </param>
public sealed class PostingBatch(DateTime createdAt)
{
    private readonly List<Transaction> _transactions = [];
    private readonly List<Entry> _entries = [];

    public DateTime CreatedAt { get; } = createdAt;

    /// <summary>How many ledger transactions the batch holds.</summary>
    public int Count => _transactions.Count;

    /// <summary>
    /// Moves <paramref name="amount"/> minor units from one account to the other: a debit and a credit.
    /// </summary>
    /// <param name="corrects">The transaction that is taken back, in part or in whole, if it does that.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The amount is not above zero, or both accounts are the same.
    /// </exception>
    /// <exception cref="OverflowException">A balance would leave the range of a 64-bit number.</exception>
    public void Transfer(
        Guid id, string kind, LockedAccount debit, LockedAccount credit, long amount, string currency,
        Guid? corrects = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(amount);
        ArgumentOutOfRangeException.ThrowIfEqual(credit, debit);

        var taken = Post(id, debit, -amount, currency);
        var given = Post(id, credit, amount, currency);
        _transactions.Add(new Transaction(id, kind, corrects, taken, given));
    }

    /// <summary>The statements that write the batch; nothing to write, nothing returned.</summary>
    public IEnumerable<NpgsqlBatchCommand> Statements()
    {
        if (Count == 0)
        {
            yield break;
        }

        // In the order of their key: entries of one account then go to the same pages one after the other.
        _entries.Sort(static (one, other) =>
            (one.Account.Id, one.Position).CompareTo((other.Account.Id, other.Position)));
        yield return new NpgsqlBatchCommand(PostSql)
        {
            Parameters =
            {
                new() { Value = _transactions.ConvertAll(transaction => transaction.Id) },
                new() { Value = _transactions.ConvertAll(transaction => transaction.Kind) },
                new() { Value = _transactions.ConvertAll(transaction => transaction.Debit.Account.Id) },
                new() { Value = _transactions.ConvertAll(transaction => transaction.Debit.Position) },
                new() { Value = _transactions.ConvertAll(transaction => transaction.Credit.Account.Id) },
                new() { Value = _transactions.ConvertAll(transaction => transaction.Credit.Position) },
                new() { Value = _entries.ConvertAll(entry => entry.Account.Id) },
                new() { Value = _entries.ConvertAll(entry => entry.Position) },
                new() { Value = _entries.ConvertAll(entry => entry.Amount) },
                new() { Value = _entries.ConvertAll(entry => entry.BalanceAfter) },
                new() { Value = _entries.ConvertAll(entry => entry.TransactionId) },
                new() { Value = _entries.ConvertAll(entry => entry.Currency) },
                new() { Value = CreatedAt },
                new() { Value = _transactions.ConvertAll(transaction => transaction.Corrects) },
            },
        };

        var moved = Moved();
        yield return new NpgsqlBatchCommand(UpdateAccountsSql)
        {
            Parameters =
            {
                new() { Value = moved.ConvertAll(account => account.Id) },
                new() { Value = moved.ConvertAll(account => account.Balance) },
                new() { Value = moved.ConvertAll(account => account.Position) },
                new() { Value = CreatedAt },
            },
        };
    }

    private Entry Post(Guid transactionId, LockedAccount account, long amount, string currency)
    {
        var entry = new Entry(account, account.Post(amount), amount, account.Balance, transactionId, currency);
        _entries.Add(entry);
        return entry;
    }

    // In id order, as the entries are.
    private List<LockedAccount> Moved()
    {
        var moved = new List<LockedAccount>();
        foreach (var entry in _entries)
        {
            if (moved.Count == 0 || moved[^1] != entry.Account)
            {
                moved.Add(entry.Account);
            }
        }

        return moved;
    }

    // Transactions and entries go in one statement because the triggers of both check them against each other.
    private const string PostSql = """
        WITH transactions AS (
            INSERT INTO ledger_transactions (id, kind, entry_count, account_ids, positions, created_at, corrects)
            SELECT t.id, t.kind, 2, ARRAY[t.debit_account, t.credit_account],
                ARRAY[t.debit_position, t.credit_position], $13, t.corrects
            FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $14::uuid[])
                AS t (id, kind, debit_account, debit_position, credit_account, credit_position, corrects)
        )
        INSERT INTO ledger_entries (account_id, position, amount, balance_after, created_at, transaction_id, currency)
        SELECT e.account_id, e.position, e.amount, e.balance_after, $13, e.transaction_id, e.currency
        FROM unnest($7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::uuid[], $12::text[])
            AS e (account_id, position, amount, balance_after, transaction_id, currency)
        """;

    internal const string UpdateAccountsSql = """
        UPDATE accounts AS a
        SET balance = u.balance, position = u.position, last_entry_at = $4
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS u (id, balance, position)
        WHERE a.id = u.id
        """;

    private readonly record struct Entry(
        LockedAccount Account, long Position, long Amount, long BalanceAfter, Guid TransactionId, string Currency);

    private readonly record struct Transaction(Guid Id, string Kind, Guid? Corrects, Entry Debit, Entry Credit);
}
