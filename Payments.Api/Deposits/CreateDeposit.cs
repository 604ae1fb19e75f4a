using Dapper;
using Npgsql;
using Payments.Api.Flows;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Ledger.Audit;

namespace Payments.Api.Deposits;

/// <summary>Records USDC that is on its way. Nothing is posted until it has arrived.</summary>
internal sealed class CreateDeposit(AuditLog audit, TimeProvider clock)
{
    public async Task<Outcome> ExecuteAsync(
        SingleAmountRequest request, Caller caller, NpgsqlTransaction transaction, CancellationToken cancel)
    {
        var connection = transaction.Connection!;
        var flow = NewFlow.Of(caller, clock);
        var parameters = new
        {
            flow.Id,
            flow.CreatedAt,
            flow.OwnerId,
            flow.Traceparent,
            request.AccountId,
            amount = request.Amount.Minor,
            currency = request.Amount.Currency.Code,
            request.Reference,
            request.Description,
        };
        if (await connection.QuerySingleOrDefaultAsync<DepositRow>(new CommandDefinition(
            RecordSql, parameters, transaction, cancellationToken: cancel)) is not { } deposit)
        {
            return DepositRow.Kind.ReferenceInUse;
        }

        var recorded = new AuditEvent(caller.Actor, "deposit.created", "deposit", deposit.Id.ToString())
        {
            Account = deposit.AccountName,
            Currency = deposit.Currency,
            Details = new { amount = request.Amount.ToDecimal(), deposit.Reference },
        };
        await audit.RecordAsync(connection, recorded, cancel);
        await Screens.NotifyAsync(connection, cancel);
        return DepositRow.Kind.Created(deposit);
    }

    private const string RecordSql = """
        INSERT INTO deposits (id, account_name, amount, currency, reference, description, created_at, owner_id,
            traceparent)
        VALUES (@id, @accountId, @amount, @currency, @reference, @description, @createdAt, @ownerId, @traceparent)
        ON CONFLICT ON CONSTRAINT deposits_reference_key DO NOTHING
        RETURNING id, account_name, amount, currency, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion
        """;
}
