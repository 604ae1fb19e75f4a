using System.Text;
using System.Text.Json.Serialization;

namespace Payments.Api.Paging;

/// <summary>One page of a list, newest first.</summary>
/// <param name="HasMore">Whether there are items beyond this page, in the direction in which it was asked for.</param>
internal sealed record ListAnswer<T>(
    string Object,
    IReadOnlyList<T> Data,
    [property: JsonPropertyName("has_more")] bool HasMore,
    string Url);

/// <summary>Cuts a page out of the rows that were read, and links it to its neighbours.</summary>
internal static class Page
{
    /// <param name="query">The request for the page.</param>
    /// <param name="rows">One more than the limit if there are as many, in the order of reading.</param>
    /// <param name="show">A row as it is answered.</param>
    /// <param name="cursor">The id of an item.</param>
    public static ListAnswer<TItem> Of<TRow, TItem>(
        HttpContext context, PageQuery query, List<TRow> rows, Func<TRow, TItem> show, Func<TItem, string> cursor)
    {
        var hasMore = rows.Count > query.Limit;
        var items = rows.Take(query.Limit).Select(show).ToList();
        if (query.Backwards)
        {
            items.Reverse();
        }

        var path = context.Request.PathBase.Add(context.Request.Path).ToUriComponent();
        Link(context, query, path, items.Count == 0 ? null : (cursor(items[0]), cursor(items[^1])), hasMore);
        return new ListAnswer<TItem>("list", items, hasMore, path);
    }

    // RFC 8288. The page at a cursor always has a neighbour on the cursor's side: the cursor's own item.
    private static void Link(
        HttpContext context, PageQuery query, string path, (string First, string Last)? ends, bool hasMore)
    {
        if (ends is not { } cursors)
        {
            return;
        }

        var links = new List<string>(2);
        if (query.Backwards || hasMore)
        {
            links.Add($"<{Address(context, query, path, "starting_after", cursors.Last)}>; rel=\"next\"");
        }

        if (query.Backwards ? hasMore : query.StartingAfter is not null)
        {
            links.Add($"<{Address(context, query, path, "ending_before", cursors.First)}>; rel=\"prev\"");
        }

        if (links.Count > 0)
        {
            context.Response.Headers.Link = string.Join(", ", links);
        }
    }

    private static string Address(HttpContext context, PageQuery query, string path, string side, string cursor)
    {
        var address = new StringBuilder(path)
            .Append('?').Append(side).Append('=').Append(Uri.EscapeDataString(cursor))
            .Append("&limit=").Append(query.Limit);
        foreach (var (name, value) in context.Request.Query)
        {
            if (name is not ("limit" or "starting_after" or "ending_before"))
            {
                address.Append('&').Append(Uri.EscapeDataString(name))
                    .Append('=').Append(Uri.EscapeDataString(value.ToString()));
            }
        }

        return address.ToString();
    }
}
