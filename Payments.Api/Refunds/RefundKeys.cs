using Dapper;
using Npgsql;
using Payments.Api.Idempotency;
using Payments.Ledger;

namespace Payments.Api.Refunds;

/// <summary>
/// Keys of refunds stand on the refunds themselves, so they never expire. Nothing can be inserted before the payment
/// was looked at, so equal keys are held apart by a lock until then.
/// </summary>
internal sealed class RefundKeys : IKeyStore
{
    public async Task<TakenKey?> ClaimAsync(
        RequestKey requestKey, NpgsqlTransaction transaction, CancellationToken cancel)
    {
        var (owner, route, key) = requestKey.Scope;
        await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            LockKeySql, new { scope = FormattableString.Invariant($"{owner} {route} {key}") }, transaction,
            cancellationToken: cancel));

        // In a statement of its own: the lock may have been waited for, and this must see what was committed meanwhile.
        var row = await transaction.Connection!.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            FindSql, new { owner, route, key }, transaction, cancellationToken: cancel));
        return row is null ? null : new TakenKey(row.Fingerprint, row.ToRefund().ToAnswer());
    }

    /// <summary>The refund's row holds everything already.</summary>
    public Task FinishAsync(
        RequestKey requestKey, FinishedAnswer answer, NpgsqlTransaction transaction, CancellationToken cancel) =>
        Task.CompletedTask;

    private const string LockKeySql = "SELECT pg_advisory_xact_lock(hashtextextended(@scope, 0))";

    private const string FindSql = """
        SELECT fingerprint, id, payment_id, amount, currency, reason, created_at, trace_id
        FROM refunds
        WHERE owner_id = @owner AND idempotency_key = @key AND route = @route
        """;

    private sealed record Row(
        byte[] Fingerprint, Guid Id, Guid PaymentId, long Amount, string Currency, string? Reason,
        DateTimeOffset CreatedAt, Guid? TraceId)
    {
        public NewRefund ToRefund() => new(
            Id, PaymentId, new Money(Amount, Ledger.Currency.Get(Currency)), Reason, CreatedAt, TraceId);
    }
}
