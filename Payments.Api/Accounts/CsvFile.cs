using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Payments.Api.Paging;

namespace Payments.Api.Accounts;

/// <summary>Writes an answer as CSV (RFC 4180), in UTF-8, line by line.</summary>
internal sealed class CsvFile
{
    public const string ContentType = "text/csv; charset=utf-8";

    private static readonly SearchValues<char> Quoted = SearchValues.Create("\",\r\n");

    private static readonly string[] Pages = ["limit", "starting_after", "ending_before"];

    private readonly PipeWriter _body;
    private bool _isFirst = true;

    /// <summary>Begins the answer as a file of this name.</summary>
    public CsvFile(HttpResponse response, string name)
    {
        // Names of accounts have characters that names of files cannot have everywhere.
        var file = name.Replace(':', '_').Replace('/', '_');
        response.ContentType = ContentType + "; header=present";
        response.Headers.ContentDisposition = $"attachment; filename=\"{file}.csv\"";
        response.Headers.CacheControl = "private, no-store";
        response.Headers.Vary = "Accept";
        _body = response.BodyWriter;
    }

    /// <summary>
    /// Whether the request asks for a file, by <c>format=csv</c> or by what it accepts. A file holds everything, so
    /// what asks for a page of it is refused.
    /// </summary>
    public static bool IsWanted(HttpRequest request, QueryParameters query)
    {
        var format = query.Get("format");
        if (format is not (null or "csv" or "json"))
        {
            query.Refuse("format", "unknown_format", "must be json or csv");
        }

        var isWanted = format is null
            ? request.GetTypedHeaders().Accept.Any(type => type.MediaType == "text/csv")
            : format == "csv";
        foreach (var name in Pages)
        {
            if (isWanted && query.Get(name) is not null)
            {
                query.Refuse(name, "not_for_csv", "is for pages: a file holds everything");
            }
        }

        return isWanted;
    }

    public CsvFile Field(string? value)
    {
        if (!_isFirst)
        {
            Write(",");
        }

        _isFirst = false;
        if (value.AsSpan().ContainsAny(Quoted))
        {
            Write("\"");
            Write(value!.Replace("\"", "\"\"", StringComparison.Ordinal));
            Write("\"");
        }
        else
        {
            Write(value);
        }

        return this;
    }

    /// <summary>
    /// Text that somebody wrote. A spreadsheet would run what begins like a formula, so an apostrophe goes before it.
    /// </summary>
    public CsvFile FreeText(string? value) =>
        Field(value is ['=' or '+' or '-' or '@', ..] ? "'" + value : value);

    public CsvFile Field(long value) => Field(value.ToString(CultureInfo.InvariantCulture));

    public CsvFile Field(decimal? value) => Field(value?.ToString(CultureInfo.InvariantCulture));

    public CsvFile Field(DateTimeOffset value) =>
        Field(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));

    public void EndLine()
    {
        Write("\r\n");
        _isFirst = true;
    }

    public void Line(params ReadOnlySpan<string> values)
    {
        foreach (var value in values)
        {
            Field(value);
        }

        EndLine();
    }

    /// <summary>Sends what was written, and waits while the client is behind.</summary>
    public async ValueTask FlushAsync(CancellationToken cancel) => await _body.FlushAsync(cancel);

    private void Write(string? text) => Encoding.UTF8.GetBytes(text, _body);
}
