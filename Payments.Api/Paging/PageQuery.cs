using System.Globalization;

namespace Payments.Api.Paging;

/// <summary>
/// Reads the query string of a list. Unknown and repeated parameters are refused: a filter that was mistyped and
/// ignored would answer with what was not asked for.
/// </summary>
internal sealed class PageQuery
{
    public const int DefaultLimit = 10;

    public const int MostItems = 100;

    private readonly IQueryCollection _query;
    private readonly List<ProblemError> _errors = [];

    public PageQuery(HttpRequest request, params ReadOnlySpan<string> filters)
    {
        _query = request.Query;
        foreach (var (name, values) in _query)
        {
            if (name is not ("limit" or "starting_after" or "ending_before") && !filters.Contains(name))
            {
                _errors.Add(ProblemError.Of(name, "unknown_parameter", "is not a parameter of this list"));
            }
            else if (values.Count != 1)
            {
                _errors.Add(ProblemError.Of(name, "duplicate_parameter", "is given more than once"));
            }
        }

        Limit = ReadLimit();
    }

    public int Limit { get; }

    /// <summary>The item after which the page starts, in the list's order.</summary>
    public string? StartingAfter => Get("starting_after");

    /// <summary>The item before which the page ends.</summary>
    public string? EndingBefore => Get("ending_before");

    /// <summary>Whether the page lies before its cursor, towards newer items.</summary>
    public bool Backwards => EndingBefore is not null;

    public string? Get(string name) => _query.TryGetValue(name, out var values) ? values.ToString() : null;

    public void Refuse(string parameter, string code, string detail) =>
        _errors.Add(ProblemError.Of(parameter, code, detail));

    /// <summary>What is wrong with the query string, if anything is.</summary>
    public Problem? Check() =>
        _errors.Count > 0 ? Problems.InvalidParameters(_errors)
        : StartingAfter is not null && EndingBefore is not null ? UnknownCursor(
            "Give starting_after or ending_before, not both.")
        : null;

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
