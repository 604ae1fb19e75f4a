using Dapper;
using Npgsql;
using Payments.Ledger.Accounts;
using Payments.Ledger.Audit;
using Payments.Ledger.Conversions;
using Payments.Ledger.Jobs;
using Payments.Ledger.Postings;
using Recon.Worker.Duties;

namespace Recon.Worker.Conversions;

/// <summary>
/// Executes a conversion: four entries in two currencies, the conversion's end and the audit event commit together,
/// while the duty and the conversion's row are held. The ledger transaction has the conversion's id, so a second one is
/// refused by its primary key whatever else goes wrong.
/// </summary>
internal sealed class ExecuteConversion(DutySessions database, AuditLog audit, Notifier changes) : IDutyHandler
{
    private static readonly AuditActor Actor = new("recon-worker");

    public string Kind => ConversionDuty.Kind;

    public async Task<DutyOutcome> RunAsync(Duty duty, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await duty.GuardAsync(connection, cancel);
        if (await LockAsync(connection, duty, cancel) is not { } conversion)
        {
            // Executed before: its worker died between that commit and the end of the duty.
            return DutyOutcome.Done;
        }

        var usdc = new AccountKey(conversion.AccountName, "USDC");
        var buffer = new AccountKey(AccountName.UsdcBuffer, "USDC");
        var usd = new AccountKey(conversion.AccountName, "USD");
        var exposure = new AccountKey(AccountName.FiatExposure, "USD");
        var held = await HeldAccounts.LockAsync(connection, [usdc, buffer, usd, exposure], cancel);
        if (conversion.UsdcAmount > await held.FreeAsync(connection, usdc, cancel))
        {
            await FailAsync(connection, conversion, "insufficient_funds", cancel);
        }
        else
        {
            var posting = new CompoundPosting(conversion.Id, "conversion", held.CreatedAt);
            posting.Move(debit: held[usdc], credit: held[buffer], conversion.UsdcAmount, "USDC");
            posting.Move(debit: held[exposure], credit: held[usd], conversion.UsdAmount, "USD");
            await posting.WriteAsync(connection, cancel);
            await connection.ExecuteAsync(new CommandDefinition(
                CompleteSql,
                new { conversion.Id, completedAt = held.CreatedAt, completion = held[buffer].Position },
                cancellationToken: cancel));
            await audit.RecordAsync(connection, EventOf(conversion, "conversion.completed"), cancel);
        }

        await transaction.CommitAsync(cancel);
        changes.Signal();
        return DutyOutcome.Done;
    }

    public async Task BuriedAsync(NpgsqlConnection connection, Duty duty, string error, CancellationToken cancel)
    {
        if (await LockAsync(connection, duty, cancel) is { } conversion)
        {
            await FailAsync(connection, conversion, "not_executable", cancel);
            changes.Signal();
        }
    }

    private static Task<Conversion?> LockAsync(NpgsqlConnection connection, Duty duty, CancellationToken cancel) =>
        connection.QuerySingleOrDefaultAsync<Conversion>(new CommandDefinition(
            LockSql, new { id = duty.Read<ConversionDuty>().ConversionId }, cancellationToken: cancel));

    private async Task FailAsync(
        NpgsqlConnection connection, Conversion conversion, string reason, CancellationToken cancel)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            FailSql, new { conversion.Id, reason }, cancellationToken: cancel));
        await audit.RecordAsync(
            connection, EventOf(conversion, "conversion.failed") with { Details = new { reason } }, cancel);
    }

    private static AuditEvent EventOf(Conversion conversion, string action) =>
        new(Actor, action, "conversion", conversion.Id.ToString()) { Account = conversion.AccountName };

    private const string LockSql = """
        SELECT id, account_name, usdc_amount, usd_amount
        FROM conversion_jobs
        WHERE id = @id AND status = 'pending'
        FOR UPDATE
        """;

    private const string CompleteSql = """
        UPDATE conversion_jobs
        SET status = 'completed', completed_at = @completedAt, completion = @completion
        WHERE id = @id
        """;

    private const string FailSql = """
        UPDATE conversion_jobs
        SET status = 'failed', completed_at = clock_timestamp(), failure_reason = @reason
        WHERE id = @id
        """;

    private sealed record Conversion(Guid Id, string AccountName, long UsdcAmount, long UsdAmount);
}
