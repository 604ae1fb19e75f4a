using System.Globalization;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Payments.Api.Transfers;

/// <summary>
/// What a caller of a status prefers, and has already: <c>Prefer</c> (RFC 7240), <c>If-None-Match</c>.
/// </summary>
internal static class Preferences
{
    /// <summary>Longest that an answer is kept waiting for, in seconds, whatever is preferred.</summary>
    public const int MostWaitSeconds = 30;

    /// <summary>Seconds of <c>Prefer: wait=N</c> within the bound; null when the caller does not wait.</summary>
    public static int? WaitSeconds(StringValues prefer)
    {
        foreach (var preference in prefer.SelectMany(value => (value ?? "").Split(',')))
        {
            // Parameters of a preference, after a semicolon, are not defined for this one.
            var (name, value) = preference.Split(';')[0].Split('=', 2) is [var left, var right]
                ? (left.Trim(), right.Trim().Trim('"'))
                : ("", "");
            if (name.Equals("wait", StringComparison.OrdinalIgnoreCase)
                && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                return (int)Math.Min(seconds, MostWaitSeconds);
            }
        }

        return null;
    }

    /// <summary>Whether the caller has this answer already. Compared weakly, as RFC 9110 has it for reading.</summary>
    public static bool IsKnown(HttpRequest request, string etag) =>
        EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var tags)
        && tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any)
            || tag.Compare(new EntityTagHeaderValue(etag), useStrongComparison: false));
}
