using System.Globalization;

namespace Payments.Api.Paging;

/// <summary>
/// Reads a query string. Unknown and repeated parameters are refused: a filter that was mistyped and ignored would
/// answer with what was not asked for. So are values that no text of the database can be.
/// </summary>
internal class QueryParameters
{
    private static readonly string[] TimeFormats =
    [
        "yyyy-MM-dd",
        "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    private readonly IQueryCollection _query;
    private readonly List<ProblemError> _errors = [];

    public QueryParameters(HttpRequest request, params ReadOnlySpan<string> names)
        : this(request, names, pages: [], "here")
    {
    }

    private protected QueryParameters(
        HttpRequest request, ReadOnlySpan<string> names, ReadOnlySpan<string> pages, string where)
    {
        _query = request.Query;
        foreach (var (name, values) in _query)
        {
            if (!names.Contains(name) && !pages.Contains(name))
            {
                _errors.Add(ProblemError.Of(name, "unknown_parameter", "is not a parameter " + where));
            }
            else if (values.Count != 1)
            {
                _errors.Add(ProblemError.Of(name, "duplicate_parameter", "is given more than once"));
            }
            else if (values.ToString().Contains('\0', StringComparison.Ordinal))
            {
                _errors.Add(ProblemError.Of(name, "control_character", "must not contain the character NUL"));
            }
        }
    }

    public string? Get(string name) => _query.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>
    /// A moment in ISO 8601, to the microsecond that the database keeps: with a zone, or in UTC; a date is its first
    /// moment. Years that calculating with could lead out of the calendar are refused. Null when it is not given, or
    /// refused.
    /// </summary>
    public DateTimeOffset? GetTime(string name)
    {
        if (Get(name) is not { } text)
        {
            return null;
        }

        // A plus that was not escaped arrives as a space, which no form has.
        if (DateTimeOffset.TryParseExact(
            text.Replace(' ', '+'), TimeFormats, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            && IsUsual(time))
        {
            return time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));
        }

        Refuse(name, "invalid_time", "must be a date or a time in ISO 8601, such as 2026-03-01T10:00:00Z");
        return null;
    }

    /// <summary>Whether a moment can have been meant: nothing here is older than 1970.</summary>
    public static bool IsUsual(DateTimeOffset time) => time.Year is >= 1970 and <= 9998;

    /// <summary>One of these words. Null when it is not given, or refused.</summary>
    public string? GetOneOf(string name, IReadOnlyList<string> known)
    {
        if (Get(name) is not { } text || known.Contains(text, StringComparer.Ordinal))
        {
            return Get(name);
        }

        Refuse(name, "unknown_" + name, "must be one of " + string.Join(", ", known));
        return null;
    }

    public void Refuse(string parameter, string code, string detail) =>
        _errors.Add(ProblemError.Of(parameter, code, detail));

    /// <summary>What is wrong with the query string, if anything is.</summary>
    public virtual Problem? Check() => _errors.Count > 0 ? Problems.InvalidParameters(_errors) : null;
}
