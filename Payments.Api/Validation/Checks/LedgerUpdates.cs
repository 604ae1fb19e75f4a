using System.Globalization;
using Dapper;
using Npgsql;
using Payments.Ledger.Accounts;
using Payments.Ledger.Jobs;

namespace Payments.Api.Validation.Checks;

/// <summary>
/// The ledger has exactly one transaction for the payment: a debit of the clearing account and a credit of the payee
/// that sum to zero, each with the running balance of its account.
/// </summary>
internal sealed class LedgerUpdates(NpgsqlDataSource database) : ICheck
{
    public string Name => "Ledger updates";

    public string Step => "Confirm ledger entry creation";

    public async Task<Finding> RunAsync(TrialPayment payment, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var kinds = (await connection.QueryAsync<string>(
            new CommandDefinition(TransactionSql, new { payment.Id }, cancellationToken: cancel))).ToList();
        var entries = (await connection.QueryAsync<Entry>(
            new CommandDefinition(EntriesSql, new { payment.Id }, cancellationToken: cancel))).ToList();
        var ofPayee = await connection.ExecuteScalarAsync<long>(
            new CommandDefinition(PayeeEntriesSql, new { payment.Account }, cancellationToken: cancel));

        var wrongSize = Finding.FirstDifference(
            "The books do not hold the payment exactly once.",
            Fact.Of("transactions with the payment's id", 1, kinds.Count),
            Fact.Of("kind", "payment", kinds.FirstOrDefault()),
            Fact.Of("entries of the transaction", 2, entries.Count),
            Fact.Of("entries of the payee", 1, ofPayee));
        return wrongSize ?? Judge(entries[0], entries[1], payment);
    }

    private static Finding Judge(Entry debit, Entry credit, TrialPayment payment)
    {
        var amount = TrialPayment.Amount;
        return Finding.FirstDifference(
            "The entries are not the posting of the payment.",
            Fact.Of("sum of the entries", 0, debit.Amount + credit.Amount),
            Fact.Of("account debited", AccountName.ClearingOf(Division.Of(payment.Account)), debit.Account),
            Fact.Of("account credited", payment.Account, credit.Account),
            Fact.Of("amount debited", -amount.Minor, debit.Amount),
            Fact.Of("amount credited", amount.Minor, credit.Amount),
            Fact.Of("currency debited", amount.Currency.Code, debit.Currency),
            Fact.Of("currency credited", amount.Currency.Code, credit.Currency),
            Fact.Of("running balance after the debit", debit.BalanceBefore + debit.Amount, debit.BalanceAfter),
            Fact.Of("running balance after the credit", amount.Minor, credit.BalanceAfter),
            Fact.Of("position of the credit", 1, credit.Position))
            ?? (Finding)new Finding.Passed(string.Create(
                CultureInfo.InvariantCulture,
                $"debit {debit.Account} {debit.Amount}, credit {credit.Account} +{credit.Amount}; sum 0"));
    }

    private const string TransactionSql = """
        SELECT kind
        FROM ledger_transactions
        WHERE id = @Id
        """;

    // A transaction lists the keys of its entries; nothing else finds them without reading the whole table.
    private const string EntriesSql = """
        SELECT account.name AS account, entry.position, entry.amount, entry.currency, entry.balance_after,
            coalesce(previous.balance_after, 0) AS balance_before
        FROM ledger_transactions AS posting
        CROSS JOIN LATERAL unnest(posting.account_ids, posting.positions) AS listed (account_id, position)
        JOIN ledger_entries AS entry
            ON entry.account_id = listed.account_id AND entry.position = listed.position
            AND entry.transaction_id = posting.id
        JOIN accounts AS account ON account.id = entry.account_id
        LEFT JOIN ledger_entries AS previous
            ON previous.account_id = entry.account_id AND previous.position = entry.position - 1
        WHERE posting.id = @Id
        ORDER BY entry.amount
        """;

    private const string PayeeEntriesSql = """
        SELECT count(*)
        FROM accounts AS account
        JOIN ledger_entries AS entry ON entry.account_id = account.id
        WHERE account.name = @Account
        """;

    private sealed record Entry(
        string Account, long Position, long Amount, string Currency, long BalanceAfter, long BalanceBefore);
}
