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
    private readonly List<Guid> _ids = [];
    private readonly List<string> _kinds = [];
    private readonly List<LockedAccount> _debited = [];
    private readonly List<LockedAccount> _credited = [];
    private readonly List<long> _debitPositions = [];
    private readonly List<long> _creditPositions = [];
    private readonly List<long> _amounts = [];
    private readonly List<long> _debitBalances = [];
    private readonly List<long> _creditBalances = [];
    private readonly List<string> _currencies = [];
    private readonly HashSet<LockedAccount> _moved = [];

    public DateTime CreatedAt { get; } = createdAt;

    /// <summary>How many ledger transactions the batch holds.</summary>
    public int Count => _ids.Count;

    /// <summary>
    /// Moves <paramref name="amount"/> minor units from one account to the other: a debit and a credit.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The amount is not above zero, or both accounts are the same.
    /// </exception>
    /// <exception cref="OverflowException">A balance would leave the range of a 64-bit number.</exception>
    public void Transfer(Guid id, string kind, LockedAccount debit, LockedAccount credit, long amount, string currency)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(amount);
        ArgumentOutOfRangeException.ThrowIfEqual(credit, debit);

        _debitPositions.Add(debit.Post(-amount));
        _debitBalances.Add(debit.Balance);
        _creditPositions.Add(credit.Post(amount));
        _creditBalances.Add(credit.Balance);
        _ids.Add(id);
        _kinds.Add(kind);
        _debited.Add(debit);
        _credited.Add(credit);
        _amounts.Add(amount);
        _currencies.Add(currency);
        _moved.Add(debit);
        _moved.Add(credit);
    }

    /// <summary>The statements that write the batch; nothing to write, nothing returned.</summary>
    public IEnumerable<NpgsqlBatchCommand> Statements()
    {
        if (Count == 0)
        {
            yield break;
        }

        yield return new NpgsqlBatchCommand(PostSql)
        {
            Parameters =
            {
                new() { Value = _ids },
                new() { Value = _kinds },
                new() { Value = _currencies },
                new() { Value = _amounts },
                new() { Value = _debited.ConvertAll(account => account.Id) },
                new() { Value = _debitPositions },
                new() { Value = _debitBalances },
                new() { Value = _credited.ConvertAll(account => account.Id) },
                new() { Value = _creditPositions },
                new() { Value = _creditBalances },
                new() { Value = CreatedAt },
            },
        };

        var moved = _moved.OrderBy(account => account.Id).ToList();
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

    // Transactions and entries go in one statement because the triggers of both check them against each other.
    private const string PostSql = """
        WITH moved AS (
            SELECT m.id, m.kind, m.currency, m.amount, m.debit_account, m.debit_position, m.debit_balance,
                m.credit_account, m.credit_position, m.credit_balance
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                $8::bigint[], $9::bigint[], $10::bigint[])
                AS m (id, kind, currency, amount, debit_account, debit_position, debit_balance,
                    credit_account, credit_position, credit_balance)
        ), transactions AS (
            INSERT INTO ledger_transactions (id, kind, entry_count, account_ids, positions, created_at)
            SELECT m.id, m.kind, 2, ARRAY[m.debit_account, m.credit_account],
                ARRAY[m.debit_position, m.credit_position], $11
            FROM moved AS m
        )
        INSERT INTO ledger_entries (account_id, position, amount, balance_after, created_at, transaction_id, currency)
        SELECT e.account_id, e.position, e.amount, e.balance_after, $11, m.id, m.currency
        FROM moved AS m
        CROSS JOIN LATERAL (VALUES
            (m.debit_account, m.debit_position, -m.amount, m.debit_balance),
            (m.credit_account, m.credit_position, m.amount, m.credit_balance)
        ) AS e (account_id, position, amount, balance_after)
        """;

    private const string UpdateAccountsSql = """
        UPDATE accounts AS a
        SET balance = u.balance, position = u.position, last_entry_at = $4
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS u (id, balance, position)
        WHERE a.id = u.id
        """;
}
