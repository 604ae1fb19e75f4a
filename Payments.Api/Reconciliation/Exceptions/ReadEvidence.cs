using System.Text.Json;
using Dapper;
using Npgsql;
using Payments.Api.Reconciliation.Adjustments;
using Payments.Ledger.Reconciliation.Corrections;

namespace Payments.Api.Reconciliation.Exceptions;

/// <summary>Reads what an exception is about, as it is now, and what happened to it.</summary>
internal sealed class ReadEvidence(NpgsqlDataSource database, TimeProvider clock)
{
    private const int MostLines = 200;

    private const int MostSightings = 50;

    public async Task<ExceptionDetails> ExecuteAsync(ExceptionRow row, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var story = await connection.QueryAsync<StoryRow>(
            new CommandDefinition(StorySql, new { row.Id, MostLines }, cancellationToken: cancel));
        var sightings = await connection.QueryAsync<SightingRow>(
            new CommandDefinition(SightingsSql, new { row.Id, MostSightings }, cancellationToken: cancel));
        var adjustments = await ReadAdjustments.OfExceptionAsync(connection, row.Id, cancel);
        var flow = await FindAsync<FlowRow>(connection, FlowSql, new { row.FlowId, row.CheckType }, cancel);
        return new ExceptionDetails(
            row.ToAnswer(clock.GetUtcNow()),
            [.. story.Reverse().Select(line => line.ToAnswer())],
            [.. sightings.Select(seen => seen.ToAnswer(row.Currency))],
            [.. adjustments.Select(AdjustmentAnswer.Of)],
            [.. CorrectionsOf(row)],
            new EvidenceAnswer(
                (await FindAsync<AccountRow>(
                    connection, AccountSql, new { row.AccountId, row.AccountName, row.Currency }, cancel))?.ToAnswer(),
                (await FindAsync<EntryRow>(
                    connection, EntrySql, new { row.AccountId, row.Position }, cancel))?.ToAnswer(),
                await TransactionAsync(connection, row.TransactionId, cancel),
                (await FindAsync<PaymentRow>(connection, PaymentSql, new { row.PaymentId }, cancel))?.ToAnswer(),
                flow?.ToAnswer()),
            LinksOf(row, flow));
    }

    private static IEnumerable<string> CorrectionsOf(ExceptionRow row)
    {
        var exception = new CorrectedException(
            row.Id, row.CheckType, row.Kind, row.Severity, row.Status, row.FlowId, row.TransactionId, row.AccountId,
            row.AccountName, row.Currency, row.Version);
        if (row.IsOpen && exception.IsRemainder)
        {
            yield return AdjustmentKind.Adjustment;
        }

        if (row.IsOpen && exception.IsAccountRow)
        {
            yield return AdjustmentKind.RebuildAccountRow;
        }
    }

    private static ExceptionLinks LinksOf(ExceptionRow row, FlowRow? flow)
    {
        var account = row.AccountName is null ? null : Uri.EscapeDataString(row.AccountName);
        return new ExceptionLinks(
            account is null ? null
                : $"/accounts/{account}/ledger" + (row.Currency is null ? "" : $"?currency={row.Currency}"),
            row.PaymentId is { } payment ? $"/payments/{payment}" : null,
            flow is null ? null : $"/api/v1/{flow.Kind}s/{flow.Id}",
            ReportLink(row.FirstReportId),
            ReportLink(row.LastReportId),
            $"/api/admin/reconciliation/adjustments?exception_id={row.Id}");
    }

    private static string? ReportLink(Guid? report) =>
        report is { } id ? $"/api/admin/reconciliation/reports/{id}" : null;

    private static async Task<TransactionEvidence?> TransactionAsync(
        NpgsqlConnection connection, Guid? transactionId, CancellationToken cancel)
    {
        if (await FindAsync<TransactionRow>(connection, TransactionSql, new { transactionId }, cancel) is not
            { } transaction)
        {
            return null;
        }

        var entries = await connection.QueryAsync<EntryRow>(
            new CommandDefinition(EntriesSql, new { transactionId }, cancellationToken: cancel));
        return new TransactionEvidence(
            transaction.Id, transaction.Kind, transaction.Corrects, transaction.CreatedAt,
            [.. entries.Select(entry => entry.ToAnswer())]);
    }

    private static Task<T?> FindAsync<T>(
        NpgsqlConnection connection, string sql, object parameters, CancellationToken cancel)
        where T : class =>
        connection.QuerySingleOrDefaultAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancel));

    private const string StorySql = """
        SELECT created_at, kind, actor, text, details::text AS details
        FROM reconciliation_exception_events
        WHERE exception_id = @id
        ORDER BY number DESC
        LIMIT @mostLines
        """;

    private const string SightingsSql = """
        SELECT seen_at, report_id, difference
        FROM reconciliation_sightings
        WHERE exception_id = @id
        ORDER BY seen_at DESC, report_id DESC
        LIMIT @mostSightings
        """;

    private const string AccountSql = """
        SELECT name, currency, balance, normal_balance, position, nullif(last_entry_at, '-infinity') AS last_entry_at
        FROM accounts
        WHERE CASE WHEN @accountId::bigint IS NOT NULL THEN id = @accountId
            ELSE name = @accountName AND currency = @currency END
        """;

    private const string EntrySql = """
        SELECT account.name, entry.currency, entry.position, entry.amount, entry.balance_after, entry.transaction_id,
            entry.created_at
        FROM ledger_entries AS entry
        LEFT JOIN accounts AS account ON account.id = entry.account_id
        WHERE entry.account_id = @accountId AND entry.position = @position
        """;

    private const string TransactionSql = """
        SELECT id, kind, corrects, created_at
        FROM ledger_transactions
        WHERE id = @transactionId
        """;

    private const string EntriesSql = """
        SELECT account.name, entry.currency, entry.position, entry.amount, entry.balance_after, entry.transaction_id,
            entry.created_at
        FROM ledger_transactions AS posting
        CROSS JOIN LATERAL unnest(posting.account_ids, posting.positions) WITH ORDINALITY
            AS place (account_id, position, number)
        JOIN ledger_entries AS entry ON entry.account_id = place.account_id AND entry.position = place.position
        LEFT JOIN accounts AS account ON account.id = entry.account_id
        WHERE posting.id = @transactionId
        ORDER BY place.number
        """;

    private const string PaymentSql = """
        SELECT id, status, amount, currency, payee_account, payer_account, created_at, settled_at
        FROM payments
        WHERE id = @paymentId
        """;

    private const string FlowSql = """
        SELECT id, 'deposit' AS kind, status, amount, currency, NULL::bigint AS target_amount, account_name, reference,
            failure_reason, created_at, completed_at
        FROM deposits
        WHERE @checkType = 'deposits' AND id = @flowId
        UNION ALL
        SELECT id, 'conversion', status, usdc_amount, 'USDC', usd_amount, account_name, reference, failure_reason,
            created_at, completed_at
        FROM conversion_jobs
        WHERE @checkType = 'conversion_jobs' AND id = @flowId
        UNION ALL
        SELECT id, 'withdrawal', status, amount, currency, NULL, account_name, reference, failure_reason, created_at,
            completed_at
        FROM withdrawals
        WHERE @checkType = 'withdrawals' AND id = @flowId
        """;

    private sealed record StoryRow(DateTimeOffset CreatedAt, string Kind, string Actor, string? Text, string Details)
    {
        public StoryLine ToAnswer() => new(CreatedAt, Kind, Actor, Text, JsonElement.Parse(Details));
    }

    private sealed record SightingRow(DateTimeOffset SeenAt, Guid ReportId, decimal? Difference)
    {
        public SightingAnswer ToAnswer(string? currency) => new(SeenAt, ReportId, UnitsText.Of(Difference, currency));
    }

    private sealed record AccountRow(
        string Name, string Currency, long Balance, string NormalBalance, long Position, DateTimeOffset? LastEntryAt)
    {
        public AccountEvidence ToAnswer() => new(
            Name, Currency, UnitsText.Of(Balance, Currency)!, NormalBalance, Position, LastEntryAt);
    }

    private sealed record TransactionRow(Guid Id, string Kind, Guid? Corrects, DateTimeOffset CreatedAt);

    private sealed record EntryRow(
        string? Name, string Currency, long Position, long Amount, long BalanceAfter, Guid TransactionId,
        DateTimeOffset CreatedAt)
    {
        public EntryEvidence ToAnswer() => new(
            Name, Currency, Position, UnitsText.Of(Amount, Currency)!, UnitsText.Of(BalanceAfter, Currency)!,
            TransactionId, CreatedAt);
    }

    private sealed record PaymentRow(
        Guid Id, string Status, long Amount, string Currency, string PayeeAccount, string? PayerAccount,
        DateTimeOffset CreatedAt, DateTimeOffset? SettledAt)
    {
        public PaymentEvidence ToAnswer() => new(
            Id, Status, UnitsText.Of(Amount, Currency)!, Currency, PayeeAccount, PayerAccount, CreatedAt, SettledAt);
    }

    private sealed record FlowRow(
        Guid Id, string Kind, string Status, long Amount, string Currency, long? TargetAmount, string AccountName,
        string? Reference, string? FailureReason, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt)
    {
        public FlowEvidence ToAnswer() => new(
            Id, Kind, Status, UnitsText.Of(Amount, Currency)!, Currency, UnitsText.Of(TargetAmount, "USD"), AccountName,
            Reference, FailureReason, CreatedAt, CompletedAt);
    }
}
