using System.Data.Common;
using System.Runtime.InteropServices;
using Recon.Worker.Reconciliation.Checks;

namespace Recon.Worker.Reconciliation.Continuous;

/// <summary>
/// The new entries of a pass, a part of the table at a time, and what is wrong with them at first sight: along each
/// account the running balance goes on from the entry before, its row stands with the last one, and the entries of a
/// transaction sum to zero. That is worked out here: to sort and add them up takes the server seven times as long as to
/// hand them over. Only what stands outside of the part is asked for.
/// </summary>
internal sealed class FreshWindow
{
    private readonly List<Entry> _entries = [];

    // Of transactions that do not sum to zero so far. The end of a part goes through the middle of a batch, so these
    // are left over to the next part.
    private readonly Dictionary<(Guid Transaction, string Currency), Int128> _sums = [];
    private readonly List<Entry> _unbalanced = [];
    private readonly Dictionary<string, string> _currencies = new(StringComparer.Ordinal);

    /// <param name="row">Columns as in <c>FreshEntries.sql</c>.</param>
    public void Add(DbDataReader row)
    {
        var entry = new Entry(
            AccountId: row.GetInt64(0),
            Position: row.GetInt64(1),
            Amount: row.GetInt64(2),
            BalanceAfter: row.GetInt64(3),
            Transaction: row.GetGuid(4),
            Currency: Known(row.GetString(5)));
        _entries.Add(entry);
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(
            _sums, (entry.Transaction, entry.Currency), out _);
        sum += entry.Amount;
        if (sum == 0)
        {
            _sums.Remove((entry.Transaction, entry.Currency));
        }
    }

    /// <summary>Forgets the last pass; its memory is used again.</summary>
    public void Clear()
    {
        _entries.Clear();
        _sums.Clear();
        _unbalanced.Clear();
    }

    /// <summary>Looks at the part of the table that was added, and makes room for the next.</summary>
    public async Task<IReadOnlyList<FreshSuspect>> EndPartAsync(PacedSession session, CancellationToken cancel)
    {
        if (_entries.Count == 0)
        {
            return [];
        }

        _entries.Sort(static (one, other) =>
            (one.AccountId, one.Position).CompareTo((other.AccountId, other.Position)));
        var suspects = new List<FreshSuspect>();
        var firsts = new List<Entry>();
        var lasts = new List<Entry>();
        for (var i = 0; i < _entries.Count; i++)
        {
            var entry = _entries[i];
            if (i > 0 && _entries[i - 1] is var before && entry.Follows(before))
            {
                if (entry.BalanceBefore != before.BalanceAfter)
                {
                    suspects.Add(entry.Suspect());
                }
            }
            else
            {
                firsts.Add(entry);
            }

            if (i == _entries.Count - 1 || _entries[i + 1].AccountId != entry.AccountId)
            {
                lasts.Add(entry);
            }
        }

        suspects.AddRange(await UnlinkedAsync(session, firsts, cancel));
        suspects.AddRange(await WithAccountInDoubtAsync(session, lasts, cancel));
        _unbalanced.RemoveAll(IsBalanced);
        _unbalanced.AddRange(_entries.Where(entry => !IsBalanced(entry)));
        _entries.Clear();
        return suspects;
    }

    /// <summary>The entries of transactions that do not sum to zero over all parts.</summary>
    public IEnumerable<FreshSuspect> Unbalanced() => _unbalanced.Select(entry => entry.Suspect());

    // What does not go on from the entry before it, which is not new.
    private static async Task<IEnumerable<FreshSuspect>> UnlinkedAsync(
        PacedSession session, List<Entry> entries, CancellationToken cancel)
    {
        var parameters = new
        {
            accounts = entries.Select(entry => entry.AccountId).ToArray(),
            positions = entries.Select(entry => entry.Position - 1).ToArray(),
            balances = entries.Select(entry => (decimal)entry.BalanceBefore).ToArray(),
        };
        var places = await session.ReadAsync<long>(UnlinkedSql, parameters, cancel);
        return places.Select(place => entries[(int)place - 1].Suspect());
    }

    private static async Task<IEnumerable<FreshSuspect>> WithAccountInDoubtAsync(
        PacedSession session, List<Entry> entries, CancellationToken cancel)
    {
        var parameters = new
        {
            accounts = entries.Select(entry => entry.AccountId).ToArray(),
            positions = entries.Select(entry => entry.Position).ToArray(),
            balances = entries.Select(entry => entry.BalanceAfter).ToArray(),
        };
        var places = await session.ReadAsync<long>(InDoubtSql, parameters, cancel);
        return places.Select(place => entries[(int)place - 1].Suspect() with { TransactionId = null });
    }

    // Mostly all of them are, and none has to be looked up.
    private bool IsBalanced(Entry entry) =>
        _sums.Count == 0 || !_sums.ContainsKey((entry.Transaction, entry.Currency));

    // Few words that stand in every row: each is kept once.
    private string Known(string currency)
    {
        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_currencies, currency, out _);
        return known ??= currency;
    }

    // An account's first entry follows nothing, which is a balance of nothing.
    private const string UnlinkedSql = """
        SELECT entry.place
        FROM unnest(@accounts::bigint[], @positions::bigint[], @balances::numeric[]) WITH ORDINALITY
            AS entry (account_id, before, balance_before, place)
        LEFT JOIN ledger_entries AS before
            ON before.account_id = entry.account_id AND before.position = entry.before
        WHERE entry.balance_before IS DISTINCT FROM CASE WHEN entry.before = 0 THEN 0 ELSE before.balance_after END
        ORDER BY entry.place
        """;

    // The last entry is looked up only behind an old entry that was written anew; the last of the new ones is an
    // account's last otherwise, and a NULL is not searched for. An account that does not exist is in doubt as well.
    private const string InDoubtSql = """
        SELECT entry.place
        FROM unnest(@accounts::bigint[], @positions::bigint[], @balances::bigint[]) WITH ORDINALITY
            AS entry (account_id, position, balance_after, place)
        LEFT JOIN accounts AS account ON account.id = entry.account_id
        LEFT JOIN ledger_entries AS last
            ON last.account_id = account.id
                AND last.position = CASE WHEN account.position = entry.position THEN NULL ELSE account.position END
        WHERE account.id IS NULL OR account.position < entry.position OR account.balance IS DISTINCT FROM CASE
            WHEN account.position = entry.position THEN entry.balance_after
            ELSE last.balance_after
        END
        ORDER BY entry.place
        """;

    private readonly record struct Entry(
        long AccountId, long Position, long Amount, long BalanceAfter, Guid Transaction, string Currency)
    {
        // Of a corrupted entry it may be more than an account can hold.
        public Int128 BalanceBefore => (Int128)BalanceAfter - Amount;

        public bool Follows(in Entry before) => before.AccountId == AccountId && before.Position == Position - 1;

        public FreshSuspect Suspect() => new(AccountId, Position, Transaction);
    }
}
