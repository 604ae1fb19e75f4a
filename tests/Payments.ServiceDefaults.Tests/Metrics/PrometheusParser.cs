using System.Globalization;

namespace Payments.ServiceDefaults.Tests.Metrics;

internal sealed record PrometheusFamily(string Name, string Type, string? Help)
{
    /// <summary>Each sample as <c>name{label="value",…}</c>, unescaped, with its value.</summary>
    public Dictionary<string, double> Samples { get; } = new(StringComparer.Ordinal);
}

/// <summary>
/// Reads the text format 0.0.4 and throws at whatever a scraper would refuse: a sample without a type, a family in
/// two places, a series twice, an illegal name, a bad escape, a histogram that does not add up.
/// </summary>
internal static class PrometheusParser
{
    public static Dictionary<string, PrometheusFamily> Parse(string text)
    {
        Require(text.Length == 0 || text[^1] == '\n', "The last line must end.");
        var families = new Dictionary<string, PrometheusFamily>(StringComparer.Ordinal);
        PrometheusFamily? family = null;
        (string Name, string Text)? help = null;

        foreach (var line in text.Split('\n')[..^1])
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                var words = line.Split(' ', 4);
                help = (words[2], words[3]);
            }
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                var words = line.Split(' ');
                Require(words.Length == 4 && words[3] is "counter" or "gauge" or "histogram", line);
                Require(IsName(words[2], colon: true), line);
                Require(help is null || help.Value.Name == words[2], $"Help of another family: {line}");
                family = new PrometheusFamily(words[2], words[3], help?.Text);
                Require(families.TryAdd(family.Name, family), $"The family is there already: {line}");
                help = null;
            }
            else
            {
                Require(family is not null, $"No type: {line}");
                ReadSample(line, family!);
            }
        }

        foreach (var histogram in families.Values.Where(family => family.Type == "histogram"))
        {
            RequireHistogram(histogram);
        }

        return families;
    }

    private static void ReadSample(string line, PrometheusFamily family)
    {
        var end = line.IndexOfAny(['{', ' ']);
        var name = line[..end];
        Require(IsName(name, colon: true), line);

        var allowed = family.Type == "histogram"
            ? new[] { $"{family.Name}_bucket", $"{family.Name}_sum", $"{family.Name}_count" }
            : [family.Name];
        Require(allowed.Contains(name, StringComparer.Ordinal), $"Not of the family {family.Name}: {line}");

        var labels = new List<string>();
        var at = end;
        if (line[at] == '{')
        {
            at = ReadLabels(line, at + 1, labels);
        }

        Require(line[at] == ' ', line);
        var key = labels.Count == 0 ? name : $"{name}{{{string.Join(',', labels)}}}";
        Require(family.Samples.TryAdd(key, Number(line[(at + 1)..])), $"The series is there already: {line}");
    }

    private static int ReadLabels(string line, int at, List<string> labels)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);

        while (true)
        {
            var equals = line.IndexOf('=', at);
            var name = line[at..equals];
            Require(IsName(name, colon: false) && names.Add(name), $"Illegal or repeated label: {line}");
            Require(line[equals + 1] == '"', line);

            var value = "";
            for (at = equals + 2; line[at] != '"'; at++)
            {
                if (line[at] == '\\')
                {
                    at++;
                    Require(line[at] is '\\' or '"' or 'n', $"Bad escape: {line}");
                    value += line[at] == 'n' ? '\n' : line[at];
                }
                else
                {
                    value += line[at];
                }
            }

            labels.Add($"{name}=\"{value}\"");
            at++;
            Require(line[at] is ',' or '}', line);
            if (line[at++] == '}')
            {
                return at;
            }
        }
    }

    private static void RequireHistogram(PrometheusFamily family)
    {
        foreach (var (key, count) in family.Samples.Where(sample =>
            sample.Key.StartsWith($"{family.Name}_count", StringComparison.Ordinal)))
        {
            var own = key[$"{family.Name}_count".Length..].Trim('{', '}');
            var before = $"{family.Name}_bucket{{{own}{(own.Length > 0 ? "," : "")}le=\"";
            var buckets = family.Samples
                .Where(sample => sample.Key.StartsWith(before, StringComparison.Ordinal))
                .Select(sample => (Bound: Number(sample.Key[before.Length..^2]), sample.Value))
                .ToList();

            Require(buckets.Count > 0 && buckets[^1].Bound == double.PositiveInfinity, $"No +Inf: {key}");
            Require(buckets[^1].Value == count, $"+Inf is not the count: {key}");
            Require(
                buckets.Zip(buckets.Skip(1)).All(pair =>
                    pair.First.Bound < pair.Second.Bound && pair.First.Value <= pair.Second.Value),
                $"Buckets must grow: {key}");
            Require(family.Samples.ContainsKey(key.Replace("_count", "_sum", StringComparison.Ordinal)), key);
        }
    }

    private static bool IsName(string name, bool colon) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0])
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_' || (colon && letter == ':'));

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        "NaN" => double.NaN,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new FormatException(problem);
        }
    }
}
