using System.Globalization;
using Payments.Api.Refunds;
using Payments.Ledger;

namespace Payments.Api.Payments;

/// <summary>A payment as it is stored; columns in this order.</summary>
/// <param name="RefundedAmount">
/// What was given back, a sum; not what is only reserved for refunds that are pending.
/// </param>
internal sealed record PaymentRow(
    Guid Id, string PayeeAccount, long Amount, string Currency, string? Description, string Status, long? Discrepancy,
    decimal RefundedAmount, string? FailureReason, DateTimeOffset CreatedAt, DateTimeOffset? SettledAt, Guid? TraceId,
    string? PayerAccount)
{
    public PaymentAnswer ToAnswer() => new(
        Id, PayeeAccount, Units(Amount), Currency, Description, ShownStatus, Units(Discrepancy), Units(RefundedAmount),
        FailureReason, CreatedAt, SettledAt, TraceId?.ToString("N"))
    {
        PayerAccountId = PayerAccount,
    };

    public PaymentDetails ToDetails(
        JobRow? job, ResultRow? result, IEnumerable<EntryRow> entries, IEnumerable<RefundRow> refunds) =>
        new(
            Id, PayeeAccount, Units(Amount), Currency, Description, ShownStatus, Units(Discrepancy),
            Units(RefundedAmount), FailureReason, CreatedAt, SettledAt, TraceId?.ToString("N"),
            job is null ? null : new JobAnswer(job.JobStatus, job.Attempts, job.LockedBy, job.LockedAt, job.LastError),
            result is null ? null : new ReconciliationAnswer(
                result.Matched, result.ResultStatus, Units(result.ExpectedAmount), Units(result.ActualAmount),
                Units(result.ResultDiscrepancy), result.Rule, result.ResultCreatedAt),
            [.. entries.Select(entry => entry.ToAnswer())],
            [.. refunds.Select(refund => refund.ToAnswer())])
        {
            PayerAccountId = PayerAccount,
        };

    // A view of the same payment: what is stored stays as settlement left it.
    private string ShownStatus =>
        RefundedAmount == 0 ? Status : RefundedAmount < Amount ? "partially_refunded" : "refunded";

    private decimal Units(decimal minor) => Ledger.Currency.UnitsOf(Currency, minor);

    private decimal? Units(decimal? minor) => minor is { } amount ? Units(amount) : null;
}

internal sealed record JobRow(
    string JobStatus, int Attempts, string? LockedBy, DateTimeOffset? LockedAt, string? LastError);

internal sealed record ResultRow(
    bool Matched, string ResultStatus, long ExpectedAmount, long ActualAmount, long? ResultDiscrepancy, string Rule,
    DateTimeOffset ResultCreatedAt);

/// <param name="AccountName">Null when the account does not exist.</param>
internal sealed record EntryRow(
    long EntryAccountId, long Position, Guid TransactionId, string? AccountName, string? NormalBalance,
    long EntryAmount, long BalanceAfter, string EntryCurrency, DateTimeOffset EntryCreatedAt)
{
    public LedgerEntryAnswer ToAnswer() => new(
        Id(EntryAccountId, Position), TransactionId, ShownAccount, Direction(EntryAmount),
        Units(Math.Abs((decimal)EntryAmount)), Units(NormalBalance == "debit" ? 0m - BalanceAfter : BalanceAfter),
        Position, EntryCreatedAt);

    /// <summary>An entry's id: its account's row id and its position, such as <c>42-7</c>.</summary>
    public static string Id(long accountId, long position) =>
        string.Create(CultureInfo.InvariantCulture, $"{accountId}-{position}");

    /// <summary>Amounts are stored credit-positive.</summary>
    public static string Direction(long amount) => amount > 0 ? "credit" : "debit";

    // What stands for the name is none that an account can have.
    private string ShownAccount =>
        AccountName ?? string.Create(CultureInfo.InvariantCulture, $"account {EntryAccountId}");

    // Of a wrong entry the number may have no opposite of 64 bits.
    private decimal Units(decimal minor) => Currency.UnitsOf(EntryCurrency, minor);
}
