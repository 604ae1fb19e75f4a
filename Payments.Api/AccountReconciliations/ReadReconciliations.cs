using System.Globalization;
using Dapper;
using Npgsql;
using Payments.Api.Accounts;
using Payments.Api.Paging;
using Payments.Api.Payments;

namespace Payments.Api.AccountReconciliations;

/// <summary>Reads the stored reports of an account and what they found; newest first.</summary>
internal sealed class ReadReconciliations(NpgsqlDataSource database)
{
    /// <summary>One report, or the last; null when there is none.</summary>
    public async Task<ReportRow?> FindAsync(
        string name, AccountRow account, Guid? id, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await FindAsync(connection, name, account, id, cancel);
    }

    /// <summary>The same, as the connection's open transaction sees it.</summary>
    public static Task<ReportRow?> FindAsync(
        NpgsqlConnection connection, string name, AccountRow account, Guid? id, CancellationToken cancel) =>
        connection.QuerySingleOrDefaultAsync<ReportRow>(new CommandDefinition(
            NewestFirstSql,
            new
            {
                name,
                account.Currency,
                newer = Guid.AllBitsSet,
                older = Guid.Empty,
                only = id,
                count = 1,
            },
            cancellationToken: cancel));

    /// <returns>Up to one more than the limit, in the direction of the page.</returns>
    public async Task<List<ReportRow>> ListAsync(
        string name, AccountRow account, Guid? cursor, PageQuery query, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return (await connection.QueryAsync<ReportRow>(new CommandDefinition(
            query.Backwards ? OldestFirstSql : NewestFirstSql,
            new
            {
                name,
                account.Currency,
                newer = query.Backwards ? Guid.AllBitsSet : cursor ?? Guid.AllBitsSet,
                older = query.Backwards ? cursor ?? Guid.Empty : Guid.Empty,
                only = (Guid?)null,
                count = query.Limit + 1,
            },
            cancellationToken: cancel))).AsList();
    }

    /// <summary>What a report found, in the order in which it was found.</summary>
    /// <returns>Up to one more than the limit, in the direction of the page.</returns>
    public async Task<List<FindingRow>> ListFindingsAsync(
        Guid report, long? cursor, PageQuery query, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await ListFindingsAsync(connection, report, cursor, query, cancel);
    }

    /// <summary>The same, as the connection's open transaction sees it.</summary>
    public static async Task<List<FindingRow>> ListFindingsAsync(
        NpgsqlConnection connection, Guid report, long? cursor, PageQuery query, CancellationToken cancel) =>
        (await connection.QueryAsync<FindingRow>(new CommandDefinition(
            query.Backwards ? FindingsBackwardsSql : FindingsSql,
            new
            {
                report,
                behind = query.Backwards ? 0 : cursor ?? 0,
                before = query.Backwards ? cursor ?? long.MaxValue : long.MaxValue,
                count = query.Limit + 1,
            },
            cancellationToken: cancel))).AsList();

    private const string NewestFirstSql = """
        SELECT report.id, report.period_from, report.period_to, report.created_at, owner.name AS requested_by,
            report.milliseconds, report.payments, report.entries, report.findings, report.opening_by_sum,
            report.opening_by_running, report.closing_by_sum, report.closing_by_running, report.closing_by_account
        FROM account_reconciliations AS report
        JOIN key_owners AS owner ON owner.id = report.owner_id
        WHERE report.account_name = @name AND report.currency = @currency
            AND report.id < @newer AND report.id > @older AND (@only::uuid IS NULL OR report.id = @only)
        ORDER BY report.id DESC
        LIMIT @count
        """;

    private static readonly string OldestFirstSql = NewestFirstSql.Replace(" DESC", "", StringComparison.Ordinal);

    private const string FindingsSql = """
        SELECT number, kind, detail, payment_id, transaction_id, account_id, position, expected, actual
        FROM account_reconciliation_findings
        WHERE reconciliation_id = @report AND number > @behind AND number < @before
        ORDER BY number
        LIMIT @count
        """;

    private static readonly string FindingsBackwardsSql =
        FindingsSql.Replace("ORDER BY number", "ORDER BY number DESC", StringComparison.Ordinal);
}

/// <summary>A report as it is stored; amounts in minor units, credit-positive; columns in this order.</summary>
internal sealed record ReportRow(
    Guid Id, DateTimeOffset? PeriodFrom, DateTimeOffset PeriodTo, DateTimeOffset CreatedAt, string RequestedBy,
    int Milliseconds, long Payments, long Entries, long Findings, decimal OpeningBySum, decimal OpeningByRunning,
    decimal ClosingBySum, decimal ClosingByRunning, decimal ClosingByAccount)
{
    public ReconciliationReportAnswer ToAnswer(string name, AccountRow account) => new(
        Id, name, account.Currency, Findings == 0 ? "balanced" : "differs", PeriodFrom, PeriodTo, CreatedAt,
        RequestedBy, Milliseconds, Payments, Entries, Findings, account.Show(OpeningBySum),
        new ClosingBalanceAnswer(
            account.Show(ClosingBySum), account.Show(ClosingByRunning), account.Show(ClosingByAccount)));

    public DifferencesAnswer ToDifferences(AccountRow account) => new(
        account.Show(OpeningByRunning - OpeningBySum),
        account.Show(ClosingByRunning - ClosingBySum),
        account.Show(ClosingByAccount - ClosingBySum));
}

/// <summary>A finding as it is stored; columns in this order.</summary>
internal sealed record FindingRow(
    long Number, string Kind, string Detail, Guid? PaymentId, Guid? TransactionId, long? AccountId, long? Position,
    decimal? Expected, decimal? Actual)
{
    /// <summary>Reads an id as answers have it: the report's, and the number of the finding.</summary>
    public static bool TryParseId(string text, out Guid report, out long number)
    {
        number = 0;
        var dash = text.LastIndexOf('-');
        return Guid.TryParseExact(text.AsSpan(0, Math.Max(0, dash)), "N", out report)
            && long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    public FindingAnswer ToAnswer(Guid report, AccountRow account)
    {
        var isGap = Kind == "position_gap";
        return new FindingAnswer(
            string.Create(CultureInfo.InvariantCulture, $"{report:N}-{Number}"),
            Kind,
            Detail,
            PaymentId,
            TransactionId,
            AccountId is { } id && Position is { } position ? EntryRow.Id(id, position) : null,
            Position,
            isGap ? (long?)Expected : null,
            isGap || Expected is not { } expected ? null : account.Show(expected),
            isGap || Actual is not { } actual ? null : account.Show(actual));
    }
}
