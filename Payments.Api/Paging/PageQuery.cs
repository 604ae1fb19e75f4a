using System.Globalization;

namespace Payments.Api.Paging;

/// <summary>Reads the query string of a list: which page of it is wanted, and its filters.</summary>
internal sealed class PageQuery : QueryParameters
{
    public const int DefaultLimit = 10;

    public const int MostItems = 100;

    public PageQuery(HttpRequest request, params ReadOnlySpan<string> filters)
        : base(request, filters, ["limit", "starting_after", "ending_before"], "of this list") => Limit = ReadLimit();

    public int Limit { get; }

    /// <summary>The item after which the page starts, in the list's order.</summary>
    public string? StartingAfter => Get("starting_after");

    /// <summary>The item before which the page ends.</summary>
    public string? EndingBefore => Get("ending_before");

    /// <summary>Whether the page lies before its cursor, towards newer items.</summary>
    public bool Backwards => EndingBefore is not null;

    /// <summary>The id of the cursor's item, if there is a cursor; false where it is not an id.</summary>
    public bool TryGetCursor(out Guid? cursor)
    {
        cursor = null;
        if ((StartingAfter ?? EndingBefore) is not { } text)
        {
            return true;
        }

        var isId = Guid.TryParseExact(text, "D", out var id);
        cursor = id;
        return isId;
    }

    public override Problem? Check() =>
        base.Check()
        ?? (StartingAfter is not null && EndingBefore is not null ? UnknownCursor(
            "Give starting_after or ending_before, not both.")
        : null);

    public static Problem UnknownCursor(string detail) => new(ProblemTypes.InvalidCursor, detail);

    private int ReadLimit()
    {
        if (Get("limit") is not { } text)
        {
            return DefaultLimit;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            && limit is >= 1 and <= MostItems)
        {
            return limit;
        }

        Refuse("limit", "invalid_limit", $"must be a whole number from 1 to {MostItems}");
        return DefaultLimit;
    }
}
