using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Payments.Api.Idempotency;

/// <summary>
/// One form for everything that means the same: members in the order of their names, no white space, members that are
/// null left out, numbers without zeros that mean nothing.
/// </summary>
internal static class CanonicalJson
{
    /// <exception cref="JsonException">The text is not JSON.</exception>
    public static byte[] Of(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        using var document = JsonDocument.ParseValue(ref reader);
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, document.RootElement);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>1, 1.0 and 1.00 are one number; a decimal remembers how it was written.</summary>
    public static string Number(decimal value) =>
        value.ToString("0.#############################", CultureInfo.InvariantCulture);

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject()
                    .Where(member => member.Value.ValueKind != JsonValueKind.Null)
                    .OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.Number:
                writer.WriteRawValue(Number(value));
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    // What a decimal cannot hold exactly stays as it was written: two spellings are then two requests, which is safe.
    private static string Number(JsonElement value) =>
        Payments.AmountText.Read(System.Text.Encoding.UTF8.GetBytes(value.GetRawText()), out var number)
            == Payments.AmountReading.Number
            ? Number(number)
            : value.GetRawText();
}
