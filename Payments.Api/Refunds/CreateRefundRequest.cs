using System.Buffers;
using System.Text.Json;
using Payments.Api.Idempotency;

namespace Payments.Api.Refunds;

/// <summary>
/// A request for a refund whose every value has been accepted, as far as it can be without the payment.
/// </summary>
/// <param name="Amount">In the payment's currency; null: all that is left.</param>
internal sealed record CreateRefundRequest(decimal? Amount, string? Reason, string? IdempotencyKey)
{
    public static IReadOnlyList<string> Reasons { get; } = ["duplicate", "fraudulent", "requested_by_customer"];

    /// <summary>A refund of all that is left, for no stated reason.</summary>
    public static CreateRefundRequest OfAll { get; } = new(null, null, null);

    /// <summary>Looks at the values of a request whose shape is right.</summary>
    public static Problem? Check(in CreateRefundMembers members, out CreateRefundRequest? request)
    {
        var errors = new List<ProblemError>();
        switch (members.AmountReading)
        {
            case Payments.AmountReading.TooLarge:
                errors.Add(ProblemError.At("#/amount", "amount_too_large", "is more than any payment"));
                break;
            case Payments.AmountReading.TooManyDecimals:
                errors.Add(ProblemError.At("#/amount", "too_many_decimals", "has more decimals than any currency"));
                break;
            case Payments.AmountReading.Number when members.Amount <= 0:
                errors.Add(ProblemError.At("#/amount", "amount_not_positive", "must be more than zero"));
                break;
        }

        if (members.Reason is { } reason && !Reasons.Contains(reason, StringComparer.Ordinal))
        {
            errors.Add(ProblemError.At("#/reason", "unknown_reason", "must be one of " + string.Join(", ", Reasons)));
        }

        request = errors.Count == 0 ? new(members.Amount, members.Reason, members.IdempotencyKey) : null;
        return errors.Count == 0
            ? null
            : new Problem(ProblemTypes.Unprocessable, "A value of the refund is not accepted.", errors);
    }

    /// <summary>
    /// What makes two requests the same, apart from the key itself. Stored with every refund for ever: what is hashed
    /// may never change for requests that exist.
    /// </summary>
    public byte[] FingerprintAt(string path)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            if (Amount is { } amount)
            {
                writer.WritePropertyName("amount");
                writer.WriteRawValue(CanonicalJson.Number(amount));
            }

            if (Reason is not null)
            {
                writer.WriteString("reason", Reason);
            }

            writer.WriteEndObject();
        }

        return Fingerprint.Of(HttpMethods.Post, path, json.WrittenSpan);
    }
}

/// <summary>The members as they stood in the body, before anything is known about their values.</summary>
internal struct CreateRefundMembers
{
    public decimal? Amount;
    public Payments.AmountReading AmountReading;
    public string? Reason;
    public string? IdempotencyKey;
}
