using Dapper;
using Npgsql;
using Payments.Api.Accounts;
using Payments.Api.Paging;

namespace Payments.Api.Audit;

/// <summary>
/// One page of what happened to an account and its payments: audit events, the payments' own rows and the entries of
/// the ledger, merged by time, newest first. A payment that is neither settled nor refunded costs no audit row.
/// </summary>
internal sealed class ListAccountTrail(NpgsqlDataSource database)
{
    /// <summary>The place of an item of this account's trail; null when it has none with this id.</summary>
    public async Task<TrailKey?> FindAsync(string itemId, AccountRow account, CancellationToken cancel)
    {
        var dash = itemId.IndexOf('-', StringComparison.Ordinal);
        var (source, id) = dash < 0 ? ("", "") : (itemId[..dash], itemId[(dash + 1)..]);
        if (source == "entry" && ListEntries.TryParseCursor(id, account, out var position))
        {
            return await ScalarAsync<DateTime?>(TimeOfEntrySql, new { account.Id, position }, cancel) is { } at
                ? TrailKey.OfEntry(new DateTimeOffset(at), position)
                : null;
        }

        if (source is not ("event" or "payment") || !Guid.TryParseExact(id, "D", out var guid))
        {
            return null;
        }

        var exists = await ScalarAsync<bool>(
            source == "event" ? EventExistsSql : PaymentExistsSql, new { id = guid, account.Name }, cancel);
        return !exists ? null : source == "event" ? TrailKey.OfEvent(guid) : TrailKey.OfPayment(guid);
    }

    /// <returns>Up to one more than the limit, in the direction of the page.</returns>
    public async Task<List<TrailItem>> ExecuteAsync(
        AccountRow account, TrailKey? cursor, PageQuery query, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var parameters = new
        {
            account.Id,
            account.Name,
            account.Currency,
            events = cursor?.BoundFor(TrailSource.Event) ?? Guid.AllBitsSet,
            payments = cursor?.BoundFor(TrailSource.Payment) ?? Guid.AllBitsSet,
            entries = await EntryBoundAsync(connection, account, cursor, query.Backwards, cancel),
            count = query.Limit + 1,
        };

        async Task<IEnumerable<(TrailKey, TrailItem)>> ReadAsync<TRow>(
            string newestFirstSql, Func<TRow, (TrailKey, TrailItem)> show) => (await connection.QueryAsync<TRow>(
                new CommandDefinition(
                    query.Backwards ? OldestFirst(newestFirstSql) : newestFirstSql, parameters,
                    cancellationToken: cancel))).Select(show);

        var items = new List<(TrailKey Key, TrailItem Item)>(parameters.count * 3);
        items.AddRange(await ReadAsync<TrailEventRow>(TrailEventRow.NewestFirstSql, row => row.Show()));
        items.AddRange(await ReadAsync<TrailPaymentRow>(TrailPaymentRow.NewestFirstSql, row => row.Show()));
        items.AddRange(await ReadAsync<TrailEntryRow>(TrailEntryRow.NewestFirstSql, row => row.Show(account)));
        var ordered = query.Backwards
            ? items.OrderBy(item => item.Key, TrailKey.Order)
            : items.OrderByDescending(item => item.Key, TrailKey.Order);
        return [.. ordered.Take(parameters.count).Select(item => item.Item)];
    }

    // Entries before this position are older than the cursor, those from it on (after it, going backwards) are newer.
    private static async Task<long> EntryBoundAsync(
        NpgsqlConnection connection, AccountRow account, TrailKey? cursor, bool backwards, CancellationToken cancel)
    {
        if (cursor is not { } key)
        {
            return long.MaxValue;
        }

        if (key.Source == TrailSource.Entry)
        {
            return key.Position;
        }

        var before = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            EntriesBeforeSql,
            new { account.Id, account.Position, at = key.Time },
            cancellationToken: cancel));
        return backwards ? before : before + 1;
    }

    // A page that ends before its cursor is walked from the cursor towards newer items.
    private static string OldestFirst(string newestFirstSql) => newestFirstSql
        .Replace(" DESC", "", StringComparison.Ordinal)
        .Replace(" < @", " > @", StringComparison.Ordinal);

    private async Task<T?> ScalarAsync<T>(string sql, object parameters, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await connection.ExecuteScalarAsync<T>(
            new CommandDefinition(sql, parameters, cancellationToken: cancel));
    }

    private const string TimeOfEntrySql = """
        SELECT created_at
        FROM ledger_entries
        WHERE account_id = @id AND position = @position
        """;

    private const string EventExistsSql = """
        SELECT EXISTS (
            SELECT
            FROM audit_events
            WHERE id = @id AND (account = @name OR other_account = @name)
        )
        """;

    private const string PaymentExistsSql = """
        SELECT EXISTS (
            SELECT
            FROM payments
            WHERE id = @id AND (payee_account = @name OR payer_account = @name)
        )
        """;

    // A search by halves: there is no index on the time, but it never goes back along positions.
    private const string EntriesBeforeSql = """
        WITH RECURSIVE search AS (
            SELECT 0::bigint AS low, @position AS high
            UNION ALL
            SELECT CASE WHEN e.created_at < @at THEN s.middle ELSE s.low END,
                CASE WHEN e.created_at < @at THEN s.high ELSE s.middle - 1 END
            FROM (SELECT low, high, high - (high - low) / 2 AS middle FROM search WHERE low < high) AS s
            LEFT JOIN ledger_entries AS e ON e.account_id = @id AND e.position = s.middle
        )
        SELECT low
        FROM search
        WHERE low = high
        """;
}
