using System.Buffers;
using Microsoft.Extensions.Primitives;

namespace Payments.Api.Idempotency;

/// <summary>
/// The header that names a request, so that it can be repeated: draft-ietf-httpapi-idempotency-key-header.
/// Accepted quoted (a string of RFC 8941) and bare; both forms name the same key.
/// </summary>
internal static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";

    public const int MaxLength = 255;

    private static readonly SearchValues<char> Printable =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c)]);

    /// <summary>The key, or the problem with the header.</summary>
    public static Problem? Read(StringValues header, out string key)
    {
        key = "";
        if (header.Count == 0)
        {
            return new Problem(ProblemTypes.IdempotencyKeyMissing, "The request needs the header Idempotency-Key.");
        }

        return header.Count == 1 && TryParse(header[0] ?? "", out key)
            ? null
            : new Problem(
                ProblemTypes.IdempotencyKeyInvalid,
                "The header Idempotency-Key must hold one key of 1 to 255 printable ASCII characters.");
    }

    /// <summary>
    /// The key of a route that takes it in its body, as <c>idempotencyKey</c>, or in the header, or in both when they
    /// are equal. In the body it is never quoted.
    /// </summary>
    public static Problem? Read(StringValues header, string? inBody, out string key)
    {
        if (inBody is null)
        {
            return Read(header, out key);
        }

        key = inBody;
        if (!IsValid(inBody))
        {
            return new Problem(
                ProblemTypes.IdempotencyKeyInvalid,
                "The member idempotencyKey must hold 1 to 255 printable ASCII characters.",
                [ProblemError.At("#/idempotencyKey", "invalid_key", "must be 1 to 255 printable ASCII characters")]);
        }

        if (header.Count == 0)
        {
            return null;
        }

        return Read(header, out var inHeader) ?? (inHeader == inBody
            ? null
            : new Problem(
                ProblemTypes.IdempotencyKeyInvalid,
                "The header Idempotency-Key and the member idempotencyKey name different keys: give one, or the same.",
                [ProblemError.At("#/idempotencyKey", "key_differs", "differs from the header Idempotency-Key")]));
    }

    internal static bool TryParse(string header, out string key)
    {
        // A comma outside quotes separates two headers that someone on the way has put on one line.
        key = header.StartsWith('"') ? Unquote(header) : header.AsSpan().ContainsAny('"', ',') ? "" : header;
        return IsValid(key);
    }

    /// <summary>Whether a request can have this key.</summary>
    public static bool IsValid(string key) =>
        key.Length is > 0 and <= MaxLength && !key.AsSpan().ContainsAnyExcept(Printable);

    // sf-string: a backslash escapes a quote or another backslash and nothing else. Parameters after the closing
    // quote are not defined for this header and refused. What cannot be read becomes the empty key, which is invalid.
    private static string Unquote(string header)
    {
        if (header.Length < 2 || header[^1] != '"')
        {
            return "";
        }

        var inner = header.AsSpan(1, header.Length - 2);
        if (!inner.ContainsAny('"', '\\'))
        {
            return inner.ToString();
        }

        Span<char> key = stackalloc char[MaxLength];
        var length = 0;
        for (var i = 0; i < inner.Length; i++)
        {
            var escaped = inner[i] == '\\';
            i += escaped ? 1 : 0;
            if (i == inner.Length || length == key.Length || (inner[i] is '"' or '\\') != escaped)
            {
                return "";
            }

            key[length++] = inner[i];
        }

        return key[..length].ToString();
    }
}
