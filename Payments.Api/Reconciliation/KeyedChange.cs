using System.Diagnostics;
using Npgsql;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Ledger.Audit;

namespace Payments.Api.Reconciliation;

/// <summary>
/// Runs what an operator does in one transaction, under the idempotency key of the request if it has one. A refusal
/// because of somebody else's decision, or of the four eyes, is in the audit trail.
/// </summary>
internal sealed class KeyedChange(NpgsqlDataSource database, Idempotent idempotent, KeyTable keys, AuditLog audit)
{
    /// <param name="body">As canonical JSON; empty when there is none.</param>
    /// <param name="attempted">What the audit trail calls it, should it be refused.</param>
    public async Task<IResult> RunAsync(HttpContext context, byte[] body, AuditEvent attempted, Effect effect)
    {
        IResult result;
        if (context.Request.Headers.ContainsKey(IdempotencyKey.Header))
        {
            if (IdempotencyKey.Read(context.Request.Headers[IdempotencyKey.Header], out var key) is { } wrongKey)
            {
                return wrongKey;
            }

            var requestKey = Idempotent.KeyOf(context, key, Fingerprint.Of(context.Request, body));
            result = await idempotent.RunAsync(context, requestKey, keys, effect);
        }
        else
        {
            result = await RunAsync(effect, context.RequestAborted);
        }

        if (result is Problem { Type.Status: StatusCodes.Status403Forbidden or StatusCodes.Status409Conflict } problem)
        {
            var refused = attempted with { Outcome = AuditOutcome.Refused, Details = new { problem.Type.Code } };
            await using var connection = await database.OpenConnectionAsync(context.RequestAborted);
            await audit.RecordAsync(connection, refused, context.RequestAborted);
        }

        return result;
    }

    /// <summary>Who acts.</summary>
    public static AuditActor ActorOf(HttpContext context) => Caller.Of(context).Actor;

    private async Task<IResult> RunAsync(Effect effect, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        switch (await effect(transaction, cancel))
        {
            case Outcome.Done done:
                // A caller who hangs up now takes nothing back.
                await transaction.CommitAsync(CancellationToken.None);
                done.Committed?.Invoke();
                return done.Answer;
            case Outcome.Refused refused:
                return refused.Problem;
            default:
                throw new UnreachableException();
        }
    }
}
