using System.Buffers;
using System.Net.Http.Headers;
using System.Net.Mime;
using Microsoft.AspNetCore.Http.Features;

namespace Payments.Api;

/// <summary>Reads a body that is JSON, in UTF-8, and small.</summary>
internal static class RequestBody
{
    /// <summary>Largest body of any request, in bytes.</summary>
    public const int MaxBytes = 16 * 1024;

    public delegate Problem? Parser<T>(ReadOnlySpan<byte> json, out T? value);

    /// <summary>The problem with the Content-Type, unless it is <c>application/json</c> in UTF-8.</summary>
    public static Problem? RefuseMediaType(HttpRequest request) =>
        request.ContentType is MediaTypeNames.Application.Json || IsJson(request.ContentType)
            ? null
            : new Problem(ProblemTypes.UnsupportedMediaType, "The Content-Type must be application/json, in UTF-8.");

    /// <summary>Whether the request has no body at all, which says nothing about its Content-Type.</summary>
    public static bool IsAbsent(HttpContext context) =>
        context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false };

    /// <summary>What the parser makes of the body.</summary>
    public static async ValueTask<(Problem? Problem, T? Value)> ReadAsync<T>(HttpContext context, Parser<T> parse)
    {
        if (context.Request.ContentLength > MaxBytes)
        {
            return (TooLarge, default);
        }

        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            var buffer = read.Buffer;
            if (buffer.Length > MaxBytes)
            {
                reader.AdvanceTo(buffer.End);
                return (TooLarge, default);
            }

            if (read.IsCompleted)
            {
                var problem = Parse(buffer, parse, out var value);
                reader.AdvanceTo(buffer.End);
                return (problem, value);
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static Problem TooLarge { get; } =
        new(ProblemTypes.BodyTooLarge, $"The body is larger than {MaxBytes / 1024} KiB.");

    private static Problem? Parse<T>(in ReadOnlySequence<byte> body, Parser<T> parse, out T? value)
    {
        if (body.IsSingleSegment)
        {
            return parse(body.FirstSpan, out value);
        }

        var rented = ArrayPool<byte>.Shared.Rent(MaxBytes);
        body.CopyTo(rented);
        var problem = parse(rented.AsSpan(0, (int)body.Length), out value);
        ArrayPool<byte>.Shared.Return(rented);
        return problem;
    }

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && string.Equals(type.MediaType, MediaTypeNames.Application.Json, StringComparison.OrdinalIgnoreCase)
        && (type.CharSet is null || type.CharSet.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}
