using System.Text;

namespace Payments.ServiceDefaults.Metrics;

/// <summary>
/// Names after Prometheus' conventions: <c>http.server.request.duration</c> in <c>s</c> becomes
/// <c>http_server_request_duration_seconds</c>. A name that already says its unit or <c>_total</c> keeps it.
/// </summary>
internal static class PrometheusName
{
    private const string Total = "_total";

    public static string OfMetric(string name, string unit, bool isCounter)
    {
        var text = Sanitise(name, allowColon: true);

        if (text.EndsWith(Total, StringComparison.Ordinal))
        {
            text = text[..^Total.Length];
            isCounter = true;
        }

        var word = UnitWord(unit);
        if (word.Length > 0 && !Says(text, word))
        {
            text = $"{text}_{word}";
        }

        return isCounter ? text + Total : text;
    }

    public static string OfLabel(string name) => Sanitise(name, allowColon: false);

    private static bool Says(string name, string word) =>
        name.EndsWith(word, StringComparison.Ordinal)
        && (name.Length == word.Length || name[^(word.Length + 1)] == '_');

    // Units are those of UCUM. What stands in braces only annotates a count ("{request}").
    private static string UnitWord(string unit)
    {
        var slash = unit.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return Word(unit);
        }

        var over = Word(unit[..slash]);
        var per = $"per_{Word(unit[(slash + 1)..]).TrimEnd('s')}";
        return over.Length > 0 ? $"{over}_{per}" : per;
    }

    private static string Word(string unit) => unit switch
    {
        "" or "1" => "",
        _ when unit.StartsWith('{') => "",
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "%" => "percent",
        _ => Sanitise(unit, allowColon: false).Trim('_'),
    };

    private static string Sanitise(string name, bool allowColon)
    {
        var text = new StringBuilder(name.Length + 1);

        foreach (var character in name)
        {
            var legal = char.IsAsciiLetterOrDigit(character) || (allowColon && character == ':');
            if (legal)
            {
                text.Append(character);
            }
            else if (text.Length == 0 || text[^1] != '_')
            {
                text.Append('_');
            }
        }

        if (text.Length == 0 || char.IsAsciiDigit(text[0]))
        {
            text.Insert(0, '_');
        }

        return text.ToString();
    }
}
