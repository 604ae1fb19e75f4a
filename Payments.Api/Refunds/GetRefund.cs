using Dapper;
using Npgsql;

namespace Payments.Api.Refunds;

internal sealed class GetRefund(NpgsqlDataSource database)
{
    /// <returns>Null when no refund has this id, or it is of another payment than the one asked for.</returns>
    public async Task<RefundRow?> ExecuteAsync(Guid id, Guid? paymentId, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<RefundRow>(
            new CommandDefinition(FindSql, new { id, paymentId }, cancellationToken: cancel));
    }

    private const string FindSql = """
        SELECT id, payment_id, amount, currency, status, reason, failure_reason, created_at, settled_at, trace_id
        FROM refunds
        WHERE id = @id AND (@paymentId::uuid IS NULL OR payment_id = @paymentId)
        """;
}
