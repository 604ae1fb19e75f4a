using Dapper;
using Npgsql;
using Payments.Api.Flows;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Ledger.Audit;
using Payments.Ledger.Conversions;
using Payments.Ledger.Duties;

namespace Payments.Api.Conversions;

/// <summary>
/// Records a conversion and the duty to execute it, in one transaction. A worker does so within a moment.
/// </summary>
internal sealed class CreateConversion(AuditLog audit, TimeProvider clock)
{
    public async Task<Outcome> ExecuteAsync(
        CreateConversionRequest request, Caller caller, NpgsqlTransaction transaction, CancellationToken cancel)
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
            usdc = request.Usdc.Minor,
            usd = request.Usd.Minor,
            request.Reference,
            request.Description,
        };
        if (await connection.QuerySingleOrDefaultAsync<ConversionRow>(new CommandDefinition(
            RecordSql, parameters, transaction, cancellationToken: cancel)) is not { } conversion)
        {
            return ConversionRow.Kind.ReferenceInUse;
        }

        await DutyTable.AddAsync(
            connection, new NewDuty(conversion.Id, ConversionDuty.Kind, new ConversionDuty(conversion.Id)), cancel);
        var recorded = new AuditEvent(caller.Actor, "conversion.created", "conversion", conversion.Id.ToString())
        {
            Account = conversion.AccountName,
            Details = new
            {
                usdcAmount = request.Usdc.ToDecimal(),
                usdAmount = request.Usd.ToDecimal(),
                conversion.Reference,
            },
        };
        await audit.RecordAsync(connection, recorded, cancel);
        await Screens.NotifyAsync(connection, cancel);
        return ConversionRow.Kind.Created(conversion);
    }

    private const string RecordSql = """
        INSERT INTO conversion_jobs (id, account_name, usdc_amount, usd_amount, reference, description, created_at,
            owner_id, traceparent)
        VALUES (@id, @accountId, @usdc, @usd, @reference, @description, @createdAt, @ownerId, @traceparent)
        ON CONFLICT ON CONSTRAINT conversion_jobs_reference_key DO NOTHING
        RETURNING id, account_name, usdc_amount, usd_amount, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion
        """;
}
