using Dapper;
using Npgsql;
using Payments.Api.Payments;
using Payments.Ledger.Accounts;

namespace Payments.Api.Transfers;

/// <summary>
/// Looks at the entries of one transaction as they stand in the books, and says for each rule of double entry whether
/// they keep it. Nothing is believed: neither the triggers that refuse wrong entries, nor the list of the transaction.
/// </summary>
internal sealed class VerifyDoubleEntry(NpgsqlDataSource database, TimeProvider clock)
{
    /// <returns>Null when no payment has this id.</returns>
    public async Task<VerificationAnswer?> ExecuteAsync(Guid id, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var rows = (await connection.QueryAsync<VerifiedRow, ListedEntry?, (VerifiedRow, ListedEntry?)>(
            new CommandDefinition(ReadSql, new { id }, cancellationToken: cancel),
            (payment, entry) => (payment, entry),
            splitOn: "listed_account_id")).ToList();
        if (rows is not [var (payment, _), ..])
        {
            return null;
        }

        var entries = rows.Select(row => row.Item2).OfType<ListedEntry>().ToList();
        var checks = Check(payment, entries);
        var present = entries.Where(entry => entry.Amount is not null).ToList();
        var debits = 0 - present.Where(entry => entry.Amount < 0).Sum(AmountOf);
        var credits = present.Where(entry => entry.Amount > 0).Sum(AmountOf);
        return new VerificationAnswer(
            payment.Id,
            checks.TrueForAll(check => check.Passed),
            payment.Status,
            payment.Currency,
            payment.Units(debits),
            payment.Units(credits),
            payment.Units(debits - credits),
            present.Count,
            checks,
            [.. present.Select(entry => entry.ToRow().ToAnswer())],
            clock.GetUtcNow());
    }

    private static List<VerificationCheck> Check(VerifiedRow payment, List<ListedEntry> entries)
    {
        var isPosted = payment.Status is "completed" or "completed_with_discrepancy";
        var found = entries.Where(entry => entry.Amount is not null).ToList();
        var debit = found.Find(entry => entry.Amount < 0);
        var credit = found.Find(entry => entry.Amount > 0);
        return
        [
            Of("posting_matches_status", isPosted == payment.EntryCount is not null,
                isPosted ? "it is settled and has no posting" : "it is not settled and has a posting"),
            Of("entries_present",
                found.Count == (payment.EntryCount ?? 0) && found.TrueForAll(e => e.TransactionId == payment.Id),
                $"{found.Count} of {payment.EntryCount ?? 0} listed entries are there and belong to the transaction"),
            Of("debits_equal_credits", found.Sum(AmountOf) == 0, "the entries do not sum to zero"),
            Of("amount_matches",
                !isPosted || (credit?.Amount == payment.Amount && debit?.Amount == -(decimal)payment.Amount),
                "the entries are not of the amount that was asked for"),
            Of("accounts_match", !isPosted || (IsPayer(payment, debit) && credit?.AccountName == payment.PayeeAccount),
                "the entries are not on the accounts that the transaction names"),
            Of("currencies_match", found.TrueForAll(
                e => e.EntryCurrency == payment.Currency && e.AccountCurrency == payment.Currency),
                "an entry or its account is in another currency"),
            Of("balances_follow", found.TrueForAll(e => e.BalanceAfter == e.BalanceBefore + AmountOf(e)),
                "a balance after an entry is not the balance before it and its amount"),
        ];
    }

    // Of wrong entries a sum may pass 64 bits, and must not come round to what is right.
    private static decimal AmountOf(ListedEntry entry) => entry.Amount!.Value;

    private static VerificationCheck Of(string name, bool passed, string fault) =>
        new(name, passed, passed ? null : fault);

    private static bool IsPayer(VerifiedRow payment, ListedEntry? debit) => payment.PayerAccount is { } payer
        ? debit?.AccountName == payer
        : debit?.AccountName?.StartsWith(AccountName.Clearing + "/", StringComparison.Ordinal) == true;

    // A row for each entry that the transaction lists, whether it is there or not.
    private const string ReadSql = """
        SELECT payment.id, payment.status, payment.currency, payment.amount, payment.payee_account,
            payment.payer_account, posting.entry_count::int AS entry_count,
            listed.account_id AS listed_account_id, listed.position, account.name AS account_name,
            account.currency AS account_currency, account.normal_balance, entry.transaction_id, entry.amount,
            entry.balance_after, entry.currency AS entry_currency, entry.created_at,
            CASE WHEN listed.position > 1 THEN previous.balance_after ELSE 0 END AS balance_before
        FROM payments AS payment
        LEFT JOIN ledger_transactions AS posting ON posting.id = payment.id
        LEFT JOIN LATERAL unnest(posting.account_ids, posting.positions) AS listed (account_id, position) ON true
        LEFT JOIN accounts AS account ON account.id = listed.account_id
        LEFT JOIN ledger_entries AS entry
            ON entry.account_id = listed.account_id AND entry.position = listed.position
        LEFT JOIN ledger_entries AS previous
            ON previous.account_id = listed.account_id AND previous.position = listed.position - 1
        WHERE payment.id = @id
        ORDER BY entry.amount, listed.account_id
        """;

    private sealed record VerifiedRow(
        Guid Id, string Status, string Currency, long Amount, string PayeeAccount, string? PayerAccount,
        int? EntryCount)
    {
        public decimal Units(decimal minor) => Ledger.Currency.UnitsOf(Currency, minor);
    }

    private sealed record ListedEntry(
        long ListedAccountId, long Position, string? AccountName, string? AccountCurrency, string? NormalBalance,
        Guid? TransactionId, long? Amount, long? BalanceAfter, string? EntryCurrency, DateTimeOffset? CreatedAt,
        long? BalanceBefore)
    {
        public EntryRow ToRow() => new(
            ListedAccountId, Position, TransactionId!.Value, AccountName, NormalBalance, Amount!.Value,
            BalanceAfter!.Value, EntryCurrency!, CreatedAt!.Value);
    }
}
