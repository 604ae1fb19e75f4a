using Dapper;
using Npgsql;
using Payments.Ledger.Audit;

namespace Payments.Api.Flows;

/// <summary>
/// Ends a flow in one transaction: its row is locked first, so of several who end it one does so, and the others find
/// it ended.
/// </summary>
internal sealed class EndFlow(NpgsqlDataSource database, AuditLog audit)
{
    /// <param name="lockSql">Finds the flow by <c>@id</c> and locks its row.</param>
    /// <param name="from">The status of a flow that has not ended.</param>
    /// <param name="to">The status that it is to have.</param>
    /// <param name="end">Posts what is to be posted, and writes and returns the row.</param>
    /// <param name="audited">What the audit trail says of it.</param>
    public async Task<FlowEnd<TRow>> ExecuteAsync<TRow>(
        Guid id, string lockSql, string from, string to, Func<NpgsqlConnection, TRow, Task<TRow>> end,
        Func<TRow, AuditEvent> audited, CancellationToken cancel)
        where TRow : class, IFlowRow
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var row = await connection.QuerySingleOrDefaultAsync<TRow>(
            new CommandDefinition(lockSql, new { id }, cancellationToken: cancel));
        if (row is null)
        {
            return new FlowEnd<TRow>.Unknown();
        }

        if (row.Status != from)
        {
            return row.Status == to ? new FlowEnd<TRow>.Reached(row) : new FlowEnd<TRow>.Otherwise(row);
        }

        var ended = await end(connection, row);
        await audit.RecordAsync(connection, audited(ended), cancel);
        await Screens.NotifyAsync(connection, cancel);

        // A caller who hangs up now takes nothing back.
        await transaction.CommitAsync(CancellationToken.None);
        return new FlowEnd<TRow>.Reached(ended);
    }
}

/// <summary>Every way the ending of a flow can end.</summary>
internal abstract record FlowEnd<TRow>
{
    /// <summary>It has this end now, or had it already.</summary>
    public sealed record Reached(TRow Row) : FlowEnd<TRow>;

    /// <summary>It had another end before.</summary>
    public sealed record Otherwise(TRow Row) : FlowEnd<TRow>;

    public sealed record Unknown : FlowEnd<TRow>;
}
