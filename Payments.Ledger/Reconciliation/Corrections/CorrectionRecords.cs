using System.Globalization;
using Npgsql;
using Payments.Ledger.Audit;

namespace Payments.Ledger.Reconciliation.Corrections;

/// <summary>What the story of the exception and the audit trail say of a correction.</summary>
internal static class CorrectionRecords
{
    public static async Task WriteAsync(
        NpgsqlConnection connection, AuditLog audit, Adjustment adjustment, AuditActor actor, DateTimeOffset at,
        CancellationToken cancel)
    {
        var details = new
        {
            AdjustmentId = adjustment.Id,
            adjustment.Kind,
            adjustment.Status,
            Amount = Currency.Get(adjustment.Currency).ToUnits(adjustment.Amount)
                .ToString(CultureInfo.InvariantCulture),
            adjustment.Currency,
            adjustment.Account,
            adjustment.TransactionId,
            adjustment.CounterTransactionId,
            adjustment.UndoTransactionId,
            adjustment.NeedsApproval,
            adjustment.Failure,
        };
        await ExceptionStory.AddAsync(
            connection, adjustment.ExceptionId, "adjustment_" + adjustment.Status, actor.Name,
            adjustment.Failure ?? adjustment.Reason, details, at, cancel);
        var audited = new AuditEvent(
            actor, "adjustment." + adjustment.Status, "reconciliation_adjustment", adjustment.Id.ToString())
        {
            Outcome = adjustment.Status == AdjustmentStatus.Failed ? AuditOutcome.Failed : AuditOutcome.Succeeded,
            Account = adjustment.Account,
            OtherAccount = adjustment.CounterAccount,
            Currency = adjustment.Currency,
            Details = details,
        };
        await audit.RecordAsync(connection, audited, cancel);
    }
}
