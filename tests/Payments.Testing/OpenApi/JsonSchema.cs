using System.Globalization;
using System.Text.Json;

namespace Payments.Testing.OpenApi;

/// <summary>
/// Checks a value against a schema of an OpenAPI document: the keywords that ours has, and no others. One that is not
/// known here is an error, so that nothing is promised that nobody checks.
/// </summary>
public sealed class JsonSchema(JsonElement document)
{
    /// <summary>What is wrong with the value, each with its place; empty when it fits.</summary>
    public IReadOnlyList<string> Check(JsonElement schema, JsonElement value)
    {
        var faults = new List<string>();
        Check(schema, value, "#", faults);
        return faults;
    }

    /// <summary>The schema itself, behind its references.</summary>
    public JsonElement Resolve(JsonElement schema)
    {
        while (schema.TryGetProperty("$ref", out var reference))
        {
            schema = reference.GetString()!.Split('/').Skip(1).Aggregate(document, (at, name) =>
                at.TryGetProperty(name, out var next)
                    ? next
                    : throw new InvalidOperationException($"The document has no {reference}."));
        }

        return schema;
    }

    private void Check(JsonElement schema, JsonElement value, string place, List<string> faults)
    {
        schema = Resolve(schema);
        foreach (var keyword in schema.EnumerateObject())
        {
            CheckKeyword(schema, keyword, value, place, faults);
        }
    }

    private void CheckKeyword(
        JsonElement schema, JsonProperty keyword, JsonElement value, string place, List<string> faults)
    {
        switch (keyword.Name)
        {
            case "type":
                CheckType(keyword.Value, value, place, faults);
                break;
            case "enum":
                // Null is a matter of the type.
                if (value.ValueKind != JsonValueKind.Null
                    && !keyword.Value.EnumerateArray().Any(word => JsonElement.DeepEquals(word, value)))
                {
                    faults.Add($"{place} is {value.GetRawText()}, which is none of {keyword.Value.GetRawText()}");
                }

                break;
            case "properties":
                CheckMembers(keyword.Value, value, place, faults);
                break;
            case "required":
                faults.AddRange(
                    from name in keyword.Value.EnumerateArray().Select(name => name.GetString()!)
                    where value.ValueKind == JsonValueKind.Object && !value.TryGetProperty(name, out _)
                    select $"{place} lacks the member {name}");
                break;
            case "additionalProperties":
                CheckOthers(schema, keyword.Value, value, place, faults);
                break;
            case "items":
                CheckItems(keyword.Value, value, place, faults);
                break;
            case "allOf":
                foreach (var part in keyword.Value.EnumerateArray())
                {
                    Check(part, value, place, faults);
                }

                break;
            case "anyOf" or "oneOf":
                CheckChoice(keyword, value, place, faults);
                break;
            case "format" or "minLength" or "maxLength" or "minimum" or "maximum" or "minItems" or "maxItems"
                or "uniqueItems":
                CheckValue(keyword, value, place, faults);
                break;
            case "title" or "description" or "default" or "example" or "examples":
                break;
            default:
                throw new InvalidOperationException($"The schema at {place} has {keyword.Name}, which is not checked.");
        }
    }

    private void CheckMembers(JsonElement members, JsonElement value, string place, List<string> faults)
    {
        foreach (var member in value.ValueKind == JsonValueKind.Object ? members.EnumerateObject() : default)
        {
            if (value.TryGetProperty(member.Name, out var inner))
            {
                Check(member.Value, inner, $"{place}/{member.Name}", faults);
            }
        }
    }

    private void CheckOthers(
        JsonElement schema, JsonElement others, JsonElement value, string place, List<string> faults)
    {
        var hasMembers = schema.TryGetProperty("properties", out var members);
        foreach (var member in value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : default)
        {
            if (hasMembers && members.TryGetProperty(member.Name, out _))
            {
                continue;
            }

            if (others.ValueKind == JsonValueKind.False)
            {
                faults.Add($"{place} has the member {member.Name}, which is not documented");
            }
            else
            {
                Check(others, member.Value, $"{place}/{member.Name}", faults);
            }
        }
    }

    private void CheckItems(JsonElement items, JsonElement value, string place, List<string> faults)
    {
        var index = 0;
        foreach (var item in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : default)
        {
            Check(items, item, $"{place}/{index++}", faults);
        }
    }

    private void CheckChoice(JsonProperty keyword, JsonElement value, string place, List<string> faults)
    {
        var failures = keyword.Value.EnumerateArray().Select(schema =>
        {
            var inner = new List<string>();
            Check(schema, value, place, inner);
            return inner;
        }).ToList();
        var fitting = failures.Count(inner => inner.Count == 0);
        if (fitting == 0)
        {
            faults.Add($"{place} fits none of its choices: "
                + string.Join(" / ", failures.Select(inner => string.Join(", ", inner))));
        }
        else if (fitting > 1 && keyword.Name == "oneOf")
        {
            faults.Add($"{place} fits {fitting} choices of which it may fit one");
        }
    }

    private static void CheckType(JsonElement type, JsonElement value, string place, List<string> faults)
    {
        var wanted = type.ValueKind == JsonValueKind.Array
            ? type.EnumerateArray().Select(one => one.GetString()!).ToList()
            : [type.GetString()!];
        if (!wanted.Any(one => IsOf(one, value)))
        {
            faults.Add($"{place} is {Shorten(value)}, which is not {string.Join(" or ", wanted)}");
        }
    }

    private static bool IsOf(string type, JsonElement value) => (type, value.ValueKind) switch
    {
        ("null", JsonValueKind.Null) => true,
        ("string", JsonValueKind.String) => true,
        ("object", JsonValueKind.Object) => true,
        ("array", JsonValueKind.Array) => true,
        ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("number", JsonValueKind.Number) => true,
        ("integer", JsonValueKind.Number) => value.TryGetInt64(out _),
        _ => false,
    };

    private static void CheckValue(JsonProperty keyword, JsonElement value, string place, List<string> faults)
    {
        var limit = keyword.Value;
        var fits = (keyword.Name, value.ValueKind) switch
        {
            ("minLength", JsonValueKind.String) => value.GetString()!.Length >= limit.GetInt32(),
            ("maxLength", JsonValueKind.String) => value.GetString()!.Length <= limit.GetInt32(),
            ("minimum", JsonValueKind.Number) => value.GetDecimal() >= limit.GetDecimal(),
            ("maximum", JsonValueKind.Number) => value.GetDecimal() <= limit.GetDecimal(),
            ("minItems", JsonValueKind.Array) => value.GetArrayLength() >= limit.GetInt32(),
            ("maxItems", JsonValueKind.Array) => value.GetArrayLength() <= limit.GetInt32(),
            ("uniqueItems", JsonValueKind.Array) => !limit.GetBoolean()
                || value.EnumerateArray().Select(item => item.GetRawText()).Distinct(StringComparer.Ordinal).Count()
                    == value.GetArrayLength(),
            // A value of another type is a fault of its type.
            ("format", JsonValueKind.String) => limit.GetString() is "int32" or "int64" or "double" or "decimal"
                || HasFormat(limit.GetString()!, value, place),
            ("format", JsonValueKind.Number) => limit.GetString() is "uuid" or "date-time"
                || HasFormat(limit.GetString()!, value, place),
            _ => true,
        };
        if (!fits)
        {
            faults.Add($"{place} is {Shorten(value)}, which is not {keyword.Name} {limit.GetRawText()}");
        }
    }

    private static bool HasFormat(string format, JsonElement value, string place) => format switch
    {
        "uuid" => Guid.TryParseExact(value.GetString(), "D", out _),
        "date-time" => value.GetString() is { } text && text.EndsWith('Z') && DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, out _),
        "int32" => value.TryGetInt32(out _),
        "int64" => value.TryGetInt64(out _),
        "double" => value.TryGetDouble(out _),
        "decimal" =>
            value.TryGetDecimal(out _) && !value.GetRawText().Contains('e', StringComparison.OrdinalIgnoreCase),
        _ => throw new InvalidOperationException(
            $"The schema at {place} has the format {format}, which is not checked."),
    };

    private static string Shorten(JsonElement value) =>
        value.GetRawText() is { Length: <= 60 } text ? text : value.GetRawText()[..60] + "...";
}
