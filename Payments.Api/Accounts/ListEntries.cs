using System.Globalization;
using Dapper;
using Payments.Api.Paging;
using Payments.Api.Payments;

namespace Payments.Api.Accounts;

/// <summary>One page of an account's entries, newest first: by position, along the entries' primary key.</summary>
internal sealed class ListEntries(ReadSessions sessions)
{
    /// <returns>Up to one more than the limit, in the direction of the page.</returns>
    public async Task<List<AccountEntryAnswer>> ExecuteAsync(
        AccountRow account, EntryFilter filter, long? cursor, PageQuery query, CancellationToken cancel)
    {
        var parameters = new
        {
            account.Id,
            newer = query.Backwards ? filter.Newer : Math.Min(cursor ?? long.MaxValue, filter.Newer),
            older = query.Backwards ? Math.Max(cursor ?? 0, filter.Older) : filter.Older,
            filter.Kind,
            count = query.Limit + 1,
        };
        await using var connection = await sessions.OpenAsync(cancel);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            Sql(filter.Kind is not null, query.Backwards), parameters, cancellationToken: cancel));
        return [.. rows.Select(row => Show(account, row))];
    }

    /// <summary>The position in a cursor, which is the id of an entry of this account that exists.</summary>
    public static bool TryParseCursor(string text, AccountRow account, out long position)
    {
        position = 0;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return dash > 0
            && long.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var accountId)
            && long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out position)
            && accountId == account.Id
            && position >= 1
            && position <= account.Position;
    }

    private static AccountEntryAnswer Show(AccountRow account, Row row) => new(
        EntryRow.Id(account.Id, row.Position),
        row.TransactionId,
        row.Kind,
        account.Name,
        EntryRow.Direction(row.Amount),
        account.ShowSize(row.Amount),
        account.Show(row.BalanceAfter),
        row.Position,
        account.Currency,
        row.CreatedAt);

    private static string Sql(bool ofKind, bool backwards) => (ofKind, backwards) switch
    {
        (false, false) => NewestFirstSql,
        (false, true) => OldestFirstSql,
        (true, false) => NewestOfKindFirstSql,
        (true, true) => OldestOfKindFirstSql,
    };

    private const string NewestFirstSql = """
        SELECT entry.position, entry.transaction_id, posting.kind, entry.amount, entry.balance_after, entry.created_at
        FROM (
            SELECT position, transaction_id, amount, balance_after, created_at
            FROM ledger_entries
            WHERE account_id = @id AND position < @newer AND position > @older
            ORDER BY position DESC
            LIMIT @count
        ) AS entry
        JOIN ledger_transactions AS posting ON posting.id = entry.transaction_id
        ORDER BY entry.position DESC
        """;

    // Each entry's kind is looked up on the way, until the page is full.
    private const string NewestOfKindFirstSql = """
        SELECT entry.position, entry.transaction_id, posting.kind, entry.amount, entry.balance_after, entry.created_at
        FROM ledger_entries AS entry
        CROSS JOIN LATERAL (
            SELECT kind
            FROM ledger_transactions
            WHERE id = entry.transaction_id
            LIMIT 1
        ) AS posting
        WHERE entry.account_id = @id AND entry.position < @newer AND entry.position > @older AND posting.kind = @kind
        ORDER BY entry.position DESC
        LIMIT @count
        """;

    // A page that ends before its cursor is walked from the cursor towards newer entries.
    private static readonly string OldestFirstSql = NewestFirstSql.Replace(" DESC", "", StringComparison.Ordinal);

    private static readonly string OldestOfKindFirstSql =
        NewestOfKindFirstSql.Replace(" DESC", "", StringComparison.Ordinal);

    private sealed record Row(
        long Position, Guid TransactionId, string Kind, long Amount, long BalanceAfter, DateTimeOffset CreatedAt);
}

/// <summary>Which of an account's entries are asked for.</summary>
/// <param name="Older">Only positions above it.</param>
/// <param name="Newer">Only positions below it.</param>
/// <param name="Kind">Kind of the transaction; null: any.</param>
internal sealed record EntryFilter(long Older, long Newer, string? Kind)
{
    /// <summary>The kinds that a filter can name.</summary>
    public static IReadOnlyList<string> Kinds { get; } =
        ["payment", "transfer", "refund", "deposit", "withdrawal", "conversion", "adjustment", "reversal"];
}
