using System.Diagnostics;
using Payments.Api.Transfers;
using Payments.Ledger;

namespace Payments.Api.Payments;

/// <summary>A payment as it is handed to the database, and the key under which it can be asked for again.</summary>
/// <param name="OwnerId">Owner of the API key; idempotency keys of different owners never meet.</param>
/// <param name="CreatedAt">In UTC, to the microsecond, which is what the database keeps.</param>
/// <param name="TraceId">The request's W3C trace id as sixteen bytes in network order.</param>
/// <param name="Traceparent">The request's W3C trace context when it is recorded, else null.</param>
internal readonly record struct NewPayment(
    Guid Id,
    int OwnerId,
    string IdempotencyKey,
    byte[] Fingerprint,
    string PayeeAccount,
    Money Amount,
    string? Description,
    DateTimeOffset CreatedAt,
    Guid? TraceId,
    string? Traceparent)
{
    /// <summary>The account that pays, of a transfer; null of a payment, which clearing pays.</summary>
    public string? PayerAccount { get; init; }

    /// <summary>Keys of payments and of transfers never meet: they are sent to different routes.</summary>
    public string Kind => PayerAccount is null ? "payment" : "transfer";

    public static NewPayment From(
        CreatePaymentRequest request, int ownerId, string idempotencyKey, DateTimeOffset now, Activity? activity)
    {
        var createdAt = ToMicroseconds(now);
        return new NewPayment(
            TimeOrderedId.New(createdAt),
            ownerId,
            idempotencyKey,
            Idempotency.Fingerprint.Of(request),
            request.AccountId,
            request.Amount,
            request.Description,
            createdAt,
            activity is { IdFormat: ActivityIdFormat.W3C } ? TraceIdOf(activity) : null,
            activity is { Recorded: true, IdFormat: ActivityIdFormat.W3C } ? activity.Id : null);
    }

    public static NewPayment From(CreateTransferRequest request, int ownerId, DateTimeOffset now, Activity? activity)
    {
        var createdAt = ToMicroseconds(now);
        return new NewPayment(
            TimeOrderedId.New(createdAt),
            ownerId,
            request.IdempotencyKey,
            Idempotency.Fingerprint.Of(request),
            request.DestinationAccountId,
            request.Amount,
            request.Description,
            createdAt,
            activity is { IdFormat: ActivityIdFormat.W3C } ? TraceIdOf(activity) : null,
            activity is { Recorded: true, IdFormat: ActivityIdFormat.W3C } ? activity.Id : null)
        {
            PayerAccount = request.SourceAccountId,
        };
    }

    private static DateTimeOffset ToMicroseconds(DateTimeOffset time) =>
        time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));

    internal static Guid TraceIdOf(Activity activity)
    {
        Span<byte> bytes = stackalloc byte[16];
        activity.TraceId.CopyTo(bytes);
        return new Guid(bytes, bigEndian: true);
    }
}
