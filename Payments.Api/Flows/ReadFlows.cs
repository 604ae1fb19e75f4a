using Dapper;
using Npgsql;
using Payments.Api.Paging;

namespace Payments.Api.Flows;

/// <summary>A flow as it is stored.</summary>
internal interface IFlowRow
{
    Guid Id { get; }

    string Status { get; }

    /// <summary>Its number in the order of completion; zero when it has none.</summary>
    long Completion { get; }
}

/// <summary>What flows of one kind are read with: each statement whole, of the same parameters.</summary>
internal sealed record FlowSql(string Find, string NewestFirst, string LastCompletedFirst);

/// <summary>Which flows of a kind are asked for; null: any.</summary>
internal sealed record FlowFilter(string? Account, string? Status)
{
    /// <summary>
    /// The completed ones alone are listed in the order of completion: one that is completed after a page was read is
    /// always newer than that page, so who follows the list misses none.
    /// </summary>
    public bool InOrderOfCompletion => Status == "completed";
}

/// <summary>Reads the flows of one kind.</summary>
internal sealed class ReadFlows<TRow>(NpgsqlDataSource database, FlowSql sql) where TRow : class, IFlowRow
{
    public async Task<TRow?> FindAsync(Guid id, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<TRow>(
            new CommandDefinition(sql.Find, new { id }, cancellationToken: cancel));
    }

    /// <returns>Up to one more than the limit, in the direction of the page; null: the cursor is no item.</returns>
    public async Task<List<TRow>?> ListAsync(
        FlowFilter filter, Guid? cursorId, PageQuery query, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var cursor = cursorId is null ? null : await connection.QuerySingleOrDefaultAsync<TRow>(
            new CommandDefinition(sql.Find, new { id = cursorId }, cancellationToken: cancel));
        if (cursorId is not null && (cursor is null || (filter.InOrderOfCompletion && cursor.Status != "completed")))
        {
            return null;
        }

        var newer = query.Backwards ? null : cursor;
        var older = query.Backwards ? cursor : null;
        var parameters = new
        {
            filter.Account,
            filter.Status,
            newerCompletion = newer?.Completion ?? long.MaxValue,
            newer = newer?.Id ?? Guid.AllBitsSet,
            olderCompletion = older?.Completion ?? -1,
            older = older?.Id ?? Guid.Empty,
            count = query.Limit + 1,
        };
        var newestFirst = filter.InOrderOfCompletion ? sql.LastCompletedFirst : sql.NewestFirst;

        // A page that ends before its cursor is walked from the cursor towards newer flows.
        var rows = await connection.QueryAsync<TRow>(new CommandDefinition(
            query.Backwards ? newestFirst.Replace(" DESC", "", StringComparison.Ordinal) : newestFirst,
            parameters,
            cancellationToken: cancel));
        return rows.AsList();
    }
}

internal static class ReadFlowsServices
{
    public static void AddReadFlows<TRow>(this IServiceCollection services, FlowSql sql)
        where TRow : class, IFlowRow =>
        services.AddSingleton(provider =>
            new ReadFlows<TRow>(provider.GetRequiredService<NpgsqlDataSource>(), sql));
}
