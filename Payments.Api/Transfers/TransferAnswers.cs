using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Payments.Api.Payments;
using Payments.Api.Refunds;

namespace Payments.Api.Transfers;

/// <summary>The answer to a transaction that was just stored.</summary>
/// <param name="Status"><c>ACCEPTED</c></param>
/// <param name="MessageId">The transaction's id.</param>
/// <param name="ExpiresAt">Until when the key is kept, which is for ever.</param>
internal sealed record AcceptedAnswer(
    [property: AllowedValues("ACCEPTED")] string Status,
    string IdempotencyKey,
    Guid MessageId,
    string PollUrl,
    DateTimeOffset ExpiresAt)
{
    public static AcceptedAnswer Of(in NewPayment transfer) => new(
        "ACCEPTED", transfer.IdempotencyKey, transfer.Id, TransferStatusAnswer.PollUrlOf(transfer.IdempotencyKey),
        TransferStatusAnswer.Never);
}

/// <summary>Where a transaction stands.</summary>
/// <param name="Status"><c>PROCESSING</c>, then <c>COMPLETED</c> or <c>FAILED</c>.</param>
/// <param name="Result">The transaction, once it has ended.</param>
internal sealed record TransferStatusAnswer(
    [property: AllowedValues("PROCESSING", "COMPLETED", "FAILED")] string Status,
    string IdempotencyKey,
    Guid MessageId,
    string PollUrl,
    DateTimeOffset ExpiresAt,
    TransactionAnswer? Result)
{
    public const string Processing = "PROCESSING";

    // A key that has created something names it for ever. A date, because clients read the member as one.
    public static readonly DateTimeOffset Never = new(9999, 12, 31, 23, 59, 59, TimeSpan.Zero);

    public static TransferStatusAnswer Of(string key, PaymentRow row)
    {
        var status = StatusOf(row);
        return new(
            status, key, row.Id, PollUrlOf(key), Never,
            status == Processing ? null : TransactionAnswer.Of(row.ToAnswer()));
    }

    // A cancelled transaction has ended without moving money: to who waits for the end, it failed.
    public static string StatusOf(PaymentRow row) => row.Status switch
    {
        "pending" => Processing,
        "failed" or "cancelled" => "FAILED",
        _ => "COMPLETED",
    };

    /// <summary>
    /// The address of a key. Slashes stay as they are; a key that a path cannot carry, since clients and servers
    /// tidy paths up, goes into the query string.
    /// </summary>
    public static string PollUrlOf(string key)
    {
        const string Root = "/api/v1/transactions/status";
        var segments = key.Split('/');
        return segments.Any(segment => segment is "" or "." or "..")
            ? $"{Root}?idempotencyKey={Uri.EscapeDataString(key)}"
            : $"{Root}/{string.Join('/', segments.Select(Uri.EscapeDataString))}";
    }
}

/// <summary>
/// A transaction as it is shown. The members that the request has are called as there; the others as everywhere else.
/// </summary>
internal record TransactionAnswer(
    Guid Id,
    [property: JsonPropertyName("source_account_id")] string SourceAccountId,
    [property: JsonPropertyName("destination_account_id")] string DestinationAccountId,
    decimal Amount,
    string Currency,
    string? Description,
    [property: AllowedValues(
        "pending", "completed", "completed_with_discrepancy", "failed", "cancelled", "partially_refunded", "refunded")]
    string Status,
    decimal? Discrepancy,
    decimal RefundedAmount,
    string? FailureReason,
    DateTimeOffset CreatedAt,
    DateTimeOffset? SettledAt,
    string? TraceId)
{
    public static TransactionAnswer Of(PaymentAnswer payment) => new(
        payment.Id, SourceOf(payment), payment.AccountId, payment.Amount, payment.Currency, payment.Description,
        payment.Status, payment.Discrepancy, payment.RefundedAmount, payment.FailureReason, payment.CreatedAt,
        payment.SettledAt, payment.TraceId);

    /// <summary>A payment is a transaction too: clearing pays it.</summary>
    protected static string SourceOf(PaymentAnswer payment) =>
        payment.PayerAccountId ?? Ledger.Accounts.AccountName.Clearing;
}

/// <summary>A transaction with everything that is known about it.</summary>
internal sealed record TransactionDetails(
    Guid Id,
    string SourceAccountId,
    string DestinationAccountId,
    decimal Amount,
    string Currency,
    string? Description,
    string Status,
    decimal? Discrepancy,
    decimal RefundedAmount,
    string? FailureReason,
    DateTimeOffset CreatedAt,
    DateTimeOffset? SettledAt,
    string? TraceId,
    [property: JsonPropertyOrder(1)] JobAnswer? Job,
    [property: JsonPropertyOrder(2)] ReconciliationAnswer? Reconciliation,
    [property: JsonPropertyOrder(3)] IReadOnlyList<LedgerEntryAnswer> LedgerEntries,
    [property: JsonPropertyOrder(4)] IReadOnlyList<RefundAnswer> Refunds)
    : TransactionAnswer(
        Id, SourceAccountId, DestinationAccountId, Amount, Currency, Description, Status, Discrepancy, RefundedAmount,
        FailureReason, CreatedAt, SettledAt, TraceId)
{
    public static TransactionDetails Of(PaymentDetails payment) => new(
        payment.Id, SourceOf(payment), payment.AccountId, payment.Amount, payment.Currency, payment.Description,
        payment.Status, payment.Discrepancy, payment.RefundedAmount, payment.FailureReason, payment.CreatedAt,
        payment.SettledAt, payment.TraceId, payment.Job, payment.Reconciliation, payment.LedgerEntries,
        payment.Refunds);
}

/// <summary>Whether the entries of a transaction are what they must be.</summary>
/// <param name="Verified">Whether every check passed.</param>
/// <param name="Difference">Debits less credits; zero in books that are right.</param>
internal sealed record VerificationAnswer(
    Guid TransactionId,
    bool Verified,
    string Status,
    string Currency,
    decimal TotalDebits,
    decimal TotalCredits,
    decimal Difference,
    int EntryCount,
    IReadOnlyList<VerificationCheck> Checks,
    IReadOnlyList<LedgerEntryAnswer> LedgerEntries,
    DateTimeOffset VerifiedAt);

/// <param name="Detail">What was found; null where the check passed.</param>
internal sealed record VerificationCheck(string Name, bool Passed, string? Detail);
