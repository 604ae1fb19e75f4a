namespace Payments.Api.Reconciliation.Exceptions;

/// <summary>An exception as it is stored, amounts in minor units; columns in this order.</summary>
internal sealed record ExceptionRow(
    Guid Id, long Number, string CheckType, string Kind, string Severity, string Status, string Description,
    decimal? Expected, decimal? Actual, decimal? Difference, string? Currency, long? AccountId, string? AccountName,
    long? Position, Guid? PaymentId, Guid? TransactionId, Guid? FlowId, string? Assignee, bool Present, int Sightings,
    int Reopened, int Version, Guid? FirstReportId, Guid? LastReportId, DateTimeOffset CreatedAt,
    DateTimeOffset FirstSeenAt, DateTimeOffset LastSeenAt, DateTimeOffset DueAt, DateTimeOffset UpdatedAt,
    DateTimeOffset? AcknowledgedAt, DateTimeOffset? ResolvedAt, string? ResolvedBy, string? ResolvedByKey,
    decimal? ResolvedDifference, string? ResolutionNotes)
{
    public bool IsOpen => ResolvedAt is null;

    public ExceptionAnswer ToAnswer(DateTimeOffset now) => new(
        Id, Number, CheckType, Kind, Severity, Status, Description, UnitsText.Of(Expected, Currency),
        UnitsText.Of(Actual, Currency), UnitsText.Of(Difference, Currency), Currency, AccountName, Position, PaymentId,
        TransactionId, FlowId, Assignee, Present, IsOverdue(now), Sightings, Reopened, Version, FirstReportId,
        LastReportId, CreatedAt, FirstSeenAt, LastSeenAt, DueAt, UpdatedAt, AcknowledgedAt, ResolvedAt, ResolvedBy,
        ResolvedByKey, UnitsText.Of(ResolvedDifference, Currency), ResolutionNotes);

    public bool IsOverdue(DateTimeOffset now) => IsOpen && DueAt < now;
}
