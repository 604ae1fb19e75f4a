using System.Text.Encodings.Web;
using System.Text.Json;

namespace Payments.Ledger.Webhooks;

/// <summary>Something that happened, to be told to every target that wants to know.</summary>
/// <param name="Type">One of <see cref="WebhookEventType"/>.</param>
/// <param name="Timestamp">When it happened.</param>
/// <param name="Data">What is told: an object whose members become JSON in snake_case. Never a secret.</param>
public sealed record WebhookEvent(string Type, DateTimeOffset Timestamp, object Data)
{
    /// <summary>The largest payload, in bytes, that is sent.</summary>
    public const int LargestPayload = 20_000;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,

        // The body is not part of a page: nothing but what JSON demands is escaped.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The receiver's key against doubles: the same in every attempt.</summary>
    public string Id { get; init; } = NewId(Timestamp);

    /// <summary>The exception that it is about, if any.</summary>
    public Guid? ExceptionId { get; init; }

    /// <summary>The body as it is signed and sent.</summary>
    /// <exception cref="InvalidOperationException">It is larger than a receiver must accept.</exception>
    public string Payload()
    {
        var payload = JsonSerializer.Serialize(new { Type, Timestamp = Timestamp.UtcDateTime, Data }, Json);
        var size = System.Text.Encoding.UTF8.GetByteCount(payload);
        return size <= LargestPayload
            ? payload
            : throw new InvalidOperationException(
                FormattableString.Invariant($"The event {Id} has {size} bytes and may have {LargestPayload}."));
    }

    private static string NewId(DateTimeOffset time) =>
        FormattableString.Invariant($"msg_{TimeOrderedId.New(time):N}");
}
