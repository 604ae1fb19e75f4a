using System.Web;

namespace Recon.Worker.Providers;

/// <summary>Reads the Link header (RFC 8288) of a page.</summary>
internal static class PageLinks
{
    /// <summary>The query parameter of the link with this relation; null when there is none.</summary>
    public static string? Cursor(string header, string relation, string parameter)
    {
        for (var start = header.IndexOf('<'); start >= 0; start = header.IndexOf('<', start + 1))
        {
            var end = header.IndexOf('>', start);
            if (end < 0)
            {
                return null;
            }

            var following = header.IndexOf('<', end);
            var parameters = following < 0 ? header[(end + 1)..] : header[(end + 1)..following];
            if (Relations(parameters).Contains(relation, StringComparer.OrdinalIgnoreCase))
            {
                return Parameter(header[(start + 1)..end], parameter);
            }

            start = end;
        }

        return null;
    }

    // rel="next", rel=next, and rel="next last" all name the relation.
    private static IEnumerable<string> Relations(string parameters) => parameters
        .Split([';', ','], StringSplitOptions.TrimEntries)
        .Where(one => one.StartsWith("rel=", StringComparison.OrdinalIgnoreCase))
        .SelectMany(one => one["rel=".Length..].Trim('"').Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static string? Parameter(string link, string parameter)
    {
        var query = link.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? null : HttpUtility.ParseQueryString(link[query..])[parameter];
    }
}
