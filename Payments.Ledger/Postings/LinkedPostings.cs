using Npgsql;
using Payments.Ledger.Accounts;

namespace Payments.Ledger.Postings;

/// <summary>
/// Postings that name the transaction which they take back, in part or in whole. They share locked accounts and time
/// with a <see cref="PostingBatch"/> and are written beside it, so that a batch without them is not touched by them.
/// </summary>
/// <param name="createdAt">UTC; that of the batch beside which they are written.</param>
public sealed class LinkedPostings(DateTime createdAt)
{
    private readonly List<Posting> _postings = [];

    /// <summary>
    /// Moves <paramref name="amount"/> minor units from one account to the other: a debit and a credit.
    /// </summary>
    /// <param name="corrects">The transaction that is taken back.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The amount is not above zero, or both accounts are the same.
    /// </exception>
    /// <exception cref="OverflowException">A balance would leave the range of a 64-bit number.</exception>
    public void Transfer(
        Guid id, Guid corrects, string kind, LockedAccount debit, LockedAccount credit, long amount, string currency)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(amount);
        ArgumentOutOfRangeException.ThrowIfEqual(credit, debit);

        var debited = new Side(debit, debit.Post(-amount), debit.Balance);
        var credited = new Side(credit, credit.Post(amount), credit.Balance);
        _postings.Add(new Posting(id, corrects, kind, debited, credited, amount, currency));
    }

    /// <summary>
    /// The statement that writes them and their accounts' rows, with what the last posting of all left there; nothing
    /// to write, nothing returned.
    /// </summary>
    public IEnumerable<NpgsqlBatchCommand> Statements()
    {
        if (_postings.Count == 0)
        {
            yield break;
        }

        var moved = _postings.SelectMany(posting => new[] { posting.Debit.Account, posting.Credit.Account })
            .DistinctBy(account => account.Id).OrderBy(account => account.Id).ToList();
        yield return new NpgsqlBatchCommand(PostSql)
        {
            Parameters =
            {
                new() { Value = _postings.ConvertAll(posting => posting.Id) },
                new() { Value = _postings.ConvertAll(posting => posting.Corrects) },
                new() { Value = _postings.ConvertAll(posting => posting.Kind) },
                new() { Value = _postings.ConvertAll(posting => posting.Currency) },
                new() { Value = _postings.ConvertAll(posting => posting.Amount) },
                new() { Value = _postings.ConvertAll(posting => posting.Debit.Account.Id) },
                new() { Value = _postings.ConvertAll(posting => posting.Debit.Position) },
                new() { Value = _postings.ConvertAll(posting => posting.Debit.Balance) },
                new() { Value = _postings.ConvertAll(posting => posting.Credit.Account.Id) },
                new() { Value = _postings.ConvertAll(posting => posting.Credit.Position) },
                new() { Value = _postings.ConvertAll(posting => posting.Credit.Balance) },
                new() { Value = createdAt },
                new() { Value = moved.ConvertAll(account => account.Id) },
                new() { Value = moved.ConvertAll(account => account.Balance) },
                new() { Value = moved.ConvertAll(account => account.Position) },
            },
        };
    }

    // Transactions and entries go in one statement because the triggers of both check them against each other.
    private const string PostSql = """
        WITH moved AS (
            SELECT m.id, m.corrects, m.kind, m.currency, m.amount, m.debit_account, m.debit_position, m.debit_balance,
                m.credit_account, m.credit_position, m.credit_balance
            FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
                $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
                AS m (id, corrects, kind, currency, amount, debit_account, debit_position, debit_balance,
                    credit_account, credit_position, credit_balance)
        ), transactions AS (
            INSERT INTO ledger_transactions (id, corrects, kind, entry_count, account_ids, positions, created_at)
            SELECT m.id, m.corrects, m.kind, 2, ARRAY[m.debit_account, m.credit_account],
                ARRAY[m.debit_position, m.credit_position], $12
            FROM moved AS m
        ), accounts_moved AS (
            UPDATE accounts AS a
            SET balance = u.balance, position = u.position, last_entry_at = $12
            FROM unnest($13::bigint[], $14::bigint[], $15::bigint[]) AS u (id, balance, position)
            WHERE a.id = u.id
        )
        INSERT INTO ledger_entries (account_id, position, amount, balance_after, created_at, transaction_id, currency)
        SELECT e.account_id, e.position, e.amount, e.balance_after, $12, m.id, m.currency
        FROM moved AS m
        CROSS JOIN LATERAL (VALUES
            (m.debit_account, m.debit_position, -m.amount, m.debit_balance),
            (m.credit_account, m.credit_position, m.amount, m.credit_balance)
        ) AS e (account_id, position, amount, balance_after)
        """;

    private sealed record Posting(
        Guid Id, Guid Corrects, string Kind, Side Debit, Side Credit, long Amount, string Currency);

    private sealed record Side(LockedAccount Account, long Position, long Balance);
}
