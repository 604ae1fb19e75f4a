using System.Data;
using Npgsql;
using Payments.Api.Keys;
using Payments.Ledger.Audit;

namespace Payments.Api.Idempotency;

/// <summary>
/// Runs what an operator does in one transaction, under the idempotency key of the request if it has one.
/// </summary>
internal sealed class KeyedChange(NpgsqlDataSource database, Idempotent idempotent, KeyTable keys, AuditLog audit)
{
    /// <summary>Its key, if it has one, or what is wrong with that.</summary>
    public static Problem? ReadKey(HttpContext context, out string? key)
    {
        key = null;
        return context.Request.Headers.TryGetValue(IdempotencyKey.Header, out var values)
            ? IdempotencyKey.Read(values, out key)
            : null;
    }

    /// <param name="key">Null: the request has none.</param>
    /// <param name="body">As canonical JSON; empty when there is none, or when all bodies ask for the same.</param>
    public Task<IResult> RunAsync(
        HttpContext context, string? key, byte[] body, Effect effect,
        IsolationLevel isolation = IsolationLevel.ReadCommitted) => key is null
        ? RunAsync(effect, isolation, context.RequestAborted)
        : idempotent.RunAsync(
            context, Idempotent.KeyOf(context, key, Fingerprint.Of(context.Request, body)), keys, effect, isolation);

    /// <summary>
    /// The same; a refusal because of somebody else's decision, or of the four eyes, is in the audit trail.
    /// </summary>
    /// <param name="attempted">What the audit trail calls it, should it be refused.</param>
    public async Task<IResult> RunAsync(HttpContext context, byte[] body, AuditEvent attempted, Effect effect)
    {
        if (ReadKey(context, out var key) is { } wrongKey)
        {
            return wrongKey;
        }

        var result = await RunAsync(context, key, body, effect);
        if (result is Problem { Type.Status: StatusCodes.Status403Forbidden or StatusCodes.Status409Conflict } problem)
        {
            await RecordRefusalAsync(attempted, problem.Type, context.RequestAborted);
        }

        return result;
    }

    /// <summary>Puts a refusal, whose transaction is rolled back, into the audit trail.</summary>
    public async Task RecordRefusalAsync(AuditEvent attempted, ProblemType refusal, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await audit.RecordAsync(connection, Refused(attempted, refusal.Code), cancel);
    }

    /// <summary>What the audit trail says of something that was refused.</summary>
    public static AuditEvent Refused(AuditEvent attempted, string code) =>
        attempted with { Outcome = AuditOutcome.Refused, Details = new { code } };

    /// <summary>Who acts.</summary>
    public static AuditActor ActorOf(HttpContext context) => Caller.Of(context).Actor;

    private async Task<IResult> RunAsync(Effect effect, IsolationLevel isolation, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(isolation, cancel);
        var outcome = await effect(transaction, cancel);
        return await outcome.EndAsync(transaction);
    }
}
