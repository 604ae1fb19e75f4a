using Google.Protobuf;

namespace Payments.AppHost.Tests.Telemetry;

/// <summary>A span, ids in hexadecimal; <paramref name="Links"/> are the ids of the traces that it links to.</summary>
public sealed record ReceivedSpan(
    string Service, string TraceId, string SpanId, string ParentId, string Name, IReadOnlyList<string> Links);

/// <summary>
/// Reads of an OTLP trace export what tests look at. The numbers are those of opentelemetry/proto/trace/v1/trace.proto;
/// what is not named here is passed over.
/// </summary>
internal static class OtlpTraces
{
    public static IReadOnlyList<ReceivedSpan> Parse(ByteString request)
    {
        var spans = new List<ReceivedSpan>();

        foreach (var resourceSpans in Messages(request, field: 1))
        {
            var service = Messages(resourceSpans, field: 1)
                .SelectMany(resource => Messages(resource, field: 1))
                .Where(attribute => Text(attribute, field: 1) == "service.name")
                .SelectMany(attribute => Messages(attribute, field: 2))
                .Select(value => Text(value, field: 1))
                .FirstOrDefault("");

            spans.AddRange(Messages(resourceSpans, field: 2)
                .SelectMany(scope => Messages(scope, field: 2))
                .Select(span => new ReceivedSpan(
                    service,
                    Id(span, field: 1),
                    Id(span, field: 2),
                    Id(span, field: 4),
                    Text(span, field: 5),
                    [.. Messages(span, field: 13).Select(link => Id(link, field: 1))])));
        }

        return spans;
    }

    /// <summary>Every value of a length-delimited field: messages, texts and ids alike.</summary>
    private static IEnumerable<ByteString> Messages(ByteString message, int field)
    {
        var input = message.CreateCodedInput();

        while (input.ReadTag() is var tag and not 0)
        {
            if (tag == WireFormat.MakeTag(field, WireFormat.WireType.LengthDelimited))
            {
                yield return input.ReadBytes();
            }
            else
            {
                input.SkipLastField();
            }
        }
    }

    private static string Text(ByteString message, int field) =>
        Messages(message, field).Select(value => value.ToStringUtf8()).FirstOrDefault("");

    private static string Id(ByteString message, int field) =>
        Messages(message, field).Select(value => Convert.ToHexStringLower(value.Span)).FirstOrDefault("");
}
