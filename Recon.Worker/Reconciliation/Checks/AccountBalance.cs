using System.Runtime.CompilerServices;
using Npgsql;

namespace Recon.Worker.Reconciliation.Checks;

/// <summary>
/// Every account's row against its entries: the balance is their sum, and the position is that of the last one.
/// </summary>
internal sealed class AccountBalance(CheckPace pace, TimeProvider clock) : IReconciliationCheck
{
    public string CheckType => Payments.Ledger.Reconciliation.CheckType.AccountBalance;

    // Entries stay as they are, so those of a window can be added to those of the next one, read later; an account's
    // row counts as it stood with the last of its entries, in one statement.
    public bool NeedsOneMoment => false;

    public async Task<CheckResult> RunAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var session = await PacedSession.BeginAsync(connection, pace, clock, cancel);
        var breaks = new BreakList();
        var totals = new Totals();
        await foreach (var account in ReplayAsync(session, cancel))
        {
            totals.Add(account.Currency, account.Replayed, account.Balance);
            if (Judge(account) is { } found)
            {
                breaks.Add(found);
            }
        }

        return breaks.Result(totals.ByCurrency(), totals.Items);
    }

    /// <summary>Only these accounts.</summary>
    public static async Task<IReadOnlyList<Break>> LookAtAsync(
        PacedSession session, IReadOnlyCollection<long> accounts, CancellationToken cancel)
    {
        var rows = await session.ReadAsync<ReplayedAccount>(AccountsSql, new { ids = accounts.ToArray() }, cancel);
        return [.. rows.Select(Judge).OfType<Break>()];
    }

    // An account's entries may fill many windows, and accounts without entries are in none.
    private static async IAsyncEnumerable<ReplayedAccount> ReplayAsync(
        PacedSession session, [EnumeratorCancellation] CancellationToken cancel)
    {
        var after = long.MinValue;
        ReplayedAccount? open = null;
        await foreach (var window in BookWindows.EntriesAsync(session, cancel))
        {
            var rows = await session.ReadAsync<ReplayedAccount>(
                WindowSql,
                new
                {
                    window.After.Account,
                    window.After.Position,
                    lastAccount = window.UpTo.Account,
                    lastPosition = window.UpTo.Position,
                },
                cancel);
            foreach (var row in rows)
            {
                if (open is not null && open.Id != row.Id)
                {
                    yield return open;
                    open = null;
                }

                open = row with { Replayed = row.Replayed + (open?.Replayed ?? 0) };
            }
        }

        if (open is not null)
        {
            yield return open;
        }

        IReadOnlyList<ReplayedAccount> empty;
        do
        {
            empty = await session.ReadAsync<ReplayedAccount>(
                EmptySql, new { after, limit = BookWindows.Entries }, cancel);
            foreach (var account in empty.Where(account => account.Last == 0))
            {
                yield return account;
            }

            after = empty.Count == 0 ? after : empty[^1].Id;
        }
        while (empty.Count == BookWindows.Entries);
    }

    private static Break? Judge(ReplayedAccount account)
    {
        if (account.Balance == account.Replayed && account.Position == account.Last)
        {
            return null;
        }

        var (kind, severity, description) = account.Balance != account.Replayed
            ? ("balance_mismatch",
                Amounts.SeverityOf(account.Balance - account.Replayed, account.Currency),
                $"The row of {account.Name} says {Amounts.Text(account.Balance, account.Currency)}, but its entries "
                + $"sum to {Amounts.Text(account.Replayed, account.Currency)}: "
                + $"{Amounts.Signed(account.Balance - account.Replayed, account.Currency)}.")
            : ("position_mismatch",
                Amounts.SeverityOf(account.Balance, account.Currency),
                FormattableString.Invariant($"The row of {account.Name} counts {account.Position} entries, ")
                + FormattableString.Invariant($"but the last one is entry {account.Last}."));
        return new Break(kind, FormattableString.Invariant($"{kind}/{account.Id}"), description, severity)
        {
            AccountId = account.Id,
            AccountName = account.Name,
            Currency = account.Currency,
            Expected = account.Replayed,
            Actual = account.Balance,
        };
    }

    private const string WindowSql = """
        SELECT account.id, account.name, account.currency, account.balance, account.position,
            entries.replayed, entries.last
        FROM (
            SELECT account_id, sum(amount) AS replayed, max(position) AS last
            FROM ledger_entries
            WHERE (account_id, position) > (@account, @position)
                AND (account_id, position) <= (@lastAccount, @lastPosition)
            GROUP BY account_id
        ) AS entries
        JOIN accounts AS account ON account.id = entries.account_id
        ORDER BY account.id
        """;

    // All accounts in windows, with the position of the last entry: 0 of those that have none.
    private const string EmptySql = """
        SELECT account.id, account.name, account.currency, account.balance, account.position, 0::numeric AS replayed,
            coalesce((
                SELECT entry.position
                FROM ledger_entries AS entry
                WHERE entry.account_id = account.id
                ORDER BY entry.position DESC
                LIMIT 1
            ), 0) AS last
        FROM accounts AS account
        WHERE account.id > @after
        ORDER BY account.id
        LIMIT @limit
        """;

    // The last entry has the balance already; only where the row differs from it are the entries added up.
    private const string AccountsSql = """
        SELECT account.id, account.name, account.currency, account.balance, account.position,
            CASE WHEN account.balance = coalesce(last.balance_after, 0) THEN account.balance ELSE (
                SELECT coalesce(sum(entry.amount), 0)
                FROM ledger_entries AS entry
                WHERE entry.account_id = account.id
            ) END AS replayed,
            coalesce(last.position, 0) AS last
        FROM accounts AS account
        LEFT JOIN LATERAL (
            SELECT entry.balance_after, entry.position
            FROM ledger_entries AS entry
            WHERE entry.account_id = account.id
            ORDER BY entry.position DESC
            LIMIT 1
        ) AS last ON true
        WHERE account.id = ANY (@ids)
        """;

    /// <summary>An account's row and its entries; columns in this order.</summary>
    /// <param name="Replayed">The sum of its entries.</param>
    /// <param name="Last">Position of its last entry; 0 when it has none.</param>
    private sealed record ReplayedAccount(
        long Id, string Name, string Currency, long Balance, long Position, decimal Replayed, long Last);
}
