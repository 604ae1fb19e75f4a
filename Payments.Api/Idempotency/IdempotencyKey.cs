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

    /// <summary>The problem with a key that stands in the body, where it is not quoted once more.</summary>
    public static Problem? Check(string key) => IsKey(key)
        ? null
        : new Problem(
            ProblemTypes.IdempotencyKeyInvalid,
            "The member idempotencyKey must be 1 to 255 printable ASCII characters.");

    /// <summary>The problem with a header beside a key in the body: it may be left out, or name the same.</summary>
    public static Problem? CheckSame(StringValues header, string key) =>
        header.Count == 0 || (header.Count == 1 && TryParse(header[0] ?? "", out var named) && named == key)
            ? null
            : new Problem(
                ProblemTypes.IdempotencyKeyInvalid,
                "The header Idempotency-Key, which may be left out, names another key than the body.");

    internal static bool TryParse(string header, out string key)
    {
        // A comma outside quotes separates two headers that someone on the way has put on one line.
        key = header.StartsWith('"') ? Unquote(header) : header.AsSpan().ContainsAny('"', ',') ? "" : header;
        return IsKey(key);
    }

    private static bool IsKey(string key) =>
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
