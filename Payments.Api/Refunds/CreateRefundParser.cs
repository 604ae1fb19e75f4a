using System.Runtime.InteropServices;
using System.Text.Json;
using Payments.Api.Payments;

namespace Payments.Api.Refunds;

/// <summary>
/// Reads the body of a refund. Unknown members and members given twice are refused, and amounts are read exactly.
/// </summary>
internal static class CreateRefundParser
{
    // Enough to correct a body by; a hostile one does not get an answer longer than itself.
    private const int MostErrors = 10;

    /// <summary>The body of <c>POST /payments/{id}/refunds</c>, whose key stands in the header.</summary>
    public static Problem? Parse(ReadOnlySpan<byte> json, out CreateRefundRequest? request) =>
        Parse(json, keyInBody: false, out request);

    /// <summary>The body of <c>POST /api/v1/transactions/{id}/refund</c>, which may hold its key.</summary>
    public static Problem? ParseWithKey(ReadOnlySpan<byte> json, out CreateRefundRequest? request) =>
        Parse(json, keyInBody: true, out request);

    private static Problem? Parse(ReadOnlySpan<byte> json, bool keyInBody, out CreateRefundRequest? request)
    {
        request = null;
        var errors = new List<ProblemError>();
        var members = default(CreateRefundMembers);
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);

            // Whatever follows the value makes this throw.
            reader.Read();
            members = ReadMembers(document.RootElement, keyInBody, errors);
        }
        catch (JsonException e)
        {
            return new Problem(
                ProblemTypes.InvalidJson,
                $"The body is not valid JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.");
        }
        catch (InvalidOperationException)
        {
            // The reader's way to say that a string is not UTF-8, or escapes half of a surrogate pair.
            return new Problem(ProblemTypes.InvalidJson, "The body is not valid JSON: a string is not valid Unicode.");
        }

        return errors.Count == 0
            ? CreateRefundRequest.Check(members, out request)
            : new Problem(
                ProblemTypes.InvalidRequest, "The body does not have the shape of a refund.",
                [.. errors.Take(MostErrors)]);
    }

    private static CreateRefundMembers ReadMembers(JsonElement body, bool keyInBody, List<ProblemError> errors)
    {
        var members = default(CreateRefundMembers);
        if (body.ValueKind != JsonValueKind.Object)
        {
            errors.Add(ProblemError.At("#", "invalid_type", "must be an object"));
            return members;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in body.EnumerateObject())
        {
            var known = member.Name is "amount" or "reason" || (keyInBody && member.Name == "idempotencyKey");
            if (!known)
            {
                errors.Add(ProblemError.At(
                    CreatePaymentParser.PointerTo(member.Name), "unknown_member", "is not a member of a refund"));
            }
            else if (!seen.Add(member.Name))
            {
                errors.Add(ProblemError.At("#/" + member.Name, "duplicate_member", "is given more than once"));
            }
            else if (member.Name == "amount")
            {
                (members.AmountReading, members.Amount) = ReadAmount(member.Value, errors);
            }
            else if (member.Name == "reason")
            {
                members.Reason = ReadString(member, errors);
            }
            else
            {
                members.IdempotencyKey = ReadString(member, errors);
            }
        }

        return members;
    }

    private static (AmountReading Reading, decimal? Amount) ReadAmount(JsonElement value, List<ProblemError> errors)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return default;
        }

        // An escape is another way to write a character, and amounts are written in digits: it is no number.
        var text = JsonMarshal.GetRawUtf8Value(value);
        text = value.ValueKind == JsonValueKind.String ? text[1..^1] : text;
        var amount = 0m;
        var reading = value.ValueKind is JsonValueKind.Number or JsonValueKind.String
            ? AmountText.Read(text, out amount)
            : AmountReading.NotANumber;
        if (reading == AmountReading.NotANumber)
        {
            errors.Add(ProblemError.At(
                "#/amount", "invalid_type", "must be a number, a string that holds one, or null"));
        }

        return (reading, amount);
    }

    private static string? ReadString(JsonProperty member, List<ProblemError> errors)
    {
        if (member.Value.ValueKind is JsonValueKind.String or JsonValueKind.Null)
        {
            return member.Value.GetString();
        }

        errors.Add(ProblemError.At("#/" + member.Name, "invalid_type", "must be a string or null"));
        return null;
    }
}
