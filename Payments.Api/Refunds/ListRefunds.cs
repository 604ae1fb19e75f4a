using Dapper;
using Npgsql;
using Payments.Api.Paging;

namespace Payments.Api.Refunds;

/// <summary>Refunds of a payment, newest first: by id, whose order is that of creation.</summary>
internal sealed class ListRefunds(NpgsqlDataSource database)
{
    /// <returns>Up to one more than the limit, in the direction of the page; or the problem with the request.</returns>
    public async Task<(Problem? Problem, List<RefundRow> Rows)> ExecuteAsync(
        Guid paymentId, Guid? cursor, PageQuery query, CancellationToken cancel)
    {
        var parameters = new
        {
            paymentId,
            cursor,
            newer = query.Backwards ? Guid.AllBitsSet : cursor ?? Guid.AllBitsSet,
            older = query.Backwards ? cursor ?? Guid.Empty : Guid.Empty,
            count = query.Limit + 1,
        };
        await using var connection = await database.OpenConnectionAsync(cancel);
        var (paymentExists, cursorExists) = await connection.QuerySingleAsync<(bool, bool)>(
            new CommandDefinition(ExistSql, parameters, cancellationToken: cancel));
        if (!paymentExists || !cursorExists)
        {
            return (paymentExists ? UnknownCursor : Problems.PaymentNotFound, []);
        }

        var rows = await connection.QueryAsync<RefundRow>(new CommandDefinition(
            query.Backwards ? OldestFirstSql : NewestFirstSql, parameters, cancellationToken: cancel));
        return (null, rows.AsList());
    }

    public static Problem UnknownCursor { get; } =
        PageQuery.UnknownCursor("The cursor is not the id of a refund of this payment.");

    private const string ExistSql = """
        SELECT EXISTS (SELECT FROM payments WHERE id = @paymentId),
            @cursor::uuid IS NULL OR EXISTS (SELECT FROM refunds WHERE payment_id = @paymentId AND id = @cursor)
        """;

    private const string NewestFirstSql = """
        SELECT id, payment_id, amount, currency, status, reason, failure_reason, created_at, settled_at, trace_id
        FROM refunds
        WHERE payment_id = @paymentId AND id < @newer AND id > @older
        ORDER BY id DESC
        LIMIT @count
        """;

    // A page that ends before its cursor is walked from the cursor towards newer refunds.
    private static readonly string OldestFirstSql = NewestFirstSql.Replace(" DESC", "", StringComparison.Ordinal);
}
