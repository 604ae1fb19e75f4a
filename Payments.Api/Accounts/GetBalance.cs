using Dapper;
using Payments.Ledger.Jobs;

namespace Payments.Api.Accounts;

/// <summary>Reads an account's balance and what is queued for it, as of one moment.</summary>
internal sealed class GetBalance(ReadSessions sessions, TimeProvider clock)
{
    /// <param name="accountId">The name that is answered.</param>
    /// <param name="parts">Rows of one account, all in one currency: one, or the parts of clearing.</param>
    public async Task<BalanceAnswer> ExecuteAsync(
        string accountId, IReadOnlyList<AccountRow> parts, CancellationToken cancel)
    {
        var account = parts[0];
        var parameters = new
        {
            ids = parts.Select(part => part.Id).ToArray(),
            name = account.Name,
            account.Currency,
            account.System,
            division = account.System ? (short)0 : Division.Of(account.Name),
        };
        await using var connection = await sessions.OpenAsync(cancel);
        var row = await connection.QuerySingleAsync<Row>(
            new CommandDefinition(ReadSql, parameters, cancellationToken: cancel));

        return new BalanceAnswer(
            accountId,
            account.Show(row.Balance),
            account.Show(row.PendingIn + row.PendingOut),
            account.Show(row.Balance - row.PendingOut - row.Reserved),
            account.Currency,
            row.Version,
            clock.GetUtcNow(),
            account.Show(row.Balance),
            account.Show(row.PendingIn),
            account.Show(row.PendingOut),
            account.Show(account.MinimumBalance));
    }

    /// <summary>The balance of a moment; what was queued then is not kept.</summary>
    public static BalanceAnswer Past(string accountId, AccountRow account, PastBalance past, DateTimeOffset at) => new(
        accountId,
        account.Show(past.Balance),
        Pending: null,
        Available: null,
        account.Currency,
        past.Position,
        at,
        account.Show(past.Balance),
        PendingIn: null,
        PendingOut: null,
        account.Show(account.MinimumBalance));

    // One statement, so that a payment that settles at this moment is either pending or in the balance. Payments into
    // an account are in its division. Transfers may be in their payer's: those that are open have indexes of their own.
    // Only transfers and refunds name a payer; to ask for no refund lets the index of payees be of no use there.
    // What is queued is shown with the holders' accounts; for the system's, their counterparts, it would count twice.
    internal const string ReadSql = """
        SELECT held.balance, held.version,
            CASE WHEN @system THEN 0 ELSE (
                SELECT coalesce(sum(amount), 0)
                FROM recon_jobs
                WHERE finished_at IS NULL AND division = @division AND kind = 'payment'
                    AND payee_account = @name AND currency = @currency AND amount > 0
            ) + (
                SELECT coalesce(sum(amount), 0)
                FROM recon_jobs
                WHERE finished_at IS NULL AND kind = 'transfer'
                    AND payee_account = @name AND currency = @currency AND amount > 0
            ) END AS pending_in,
            CASE WHEN @system THEN 0 ELSE (
                SELECT coalesce(sum(amount), 0)
                FROM recon_jobs
                WHERE finished_at IS NULL AND payer_account = @name AND kind <> 'refund'
                    AND currency = @currency AND amount > 0
            ) END AS pending_out,
            CASE WHEN @system THEN 0 ELSE (
                SELECT coalesce(sum(amount), 0)
                FROM refunds
                WHERE status = 'pending' AND account = @name AND currency = @currency
            ) END AS reserved
        FROM (
            SELECT sum(balance) AS balance,
                least(sum(position), 9223372036854775807)::bigint AS version
            FROM accounts
            WHERE id = ANY (@ids)
        ) AS held
        """;

    // Sums are numbers without bounds: those of clearing's parts, or of many large payments, pass 64 bits.
    private sealed record Row(decimal Balance, long Version, decimal PendingIn, decimal PendingOut, decimal Reserved);
}
