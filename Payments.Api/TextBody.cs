using System.Text.Json;

namespace Payments.Api;

/// <summary>
/// Reads a small body of which every member is an optional string. No body at all is an empty one; members that are
/// unknown or given twice are refused.
/// </summary>
internal static class TextBody
{
    private const int LongestEchoedName = 64;

    /// <summary>The members that were given and not null.</summary>
    public static async ValueTask<(Problem? Problem, IReadOnlyDictionary<string, string> Members)> ReadAsync(
        HttpContext context, params string[] known)
    {
        var isEmpty = true;
        var (problem, members) = await RequestBody.ReadAsync(
            context,
            (ReadOnlySpan<byte> json, out Dictionary<string, string>? value) =>
            {
                isEmpty = json.IsEmpty;
                return Parse(json, known, out value);
            });
        problem = isEmpty ? problem : RequestBody.RefuseMediaType(context.Request) ?? problem;
        return (problem, members ?? []);
    }

    private static Problem? Parse(
        ReadOnlySpan<byte> json, string[] known, out Dictionary<string, string> members)
    {
        members = new Dictionary<string, string>(StringComparer.Ordinal);
        if (json.IsEmpty)
        {
            return null;
        }

        var errors = new List<ProblemError>();
        try
        {
            var reader = new Utf8JsonReader(json);
            Read(ref reader, known, members, errors);
        }
        catch (JsonException e)
        {
            return new Problem(
                ProblemTypes.InvalidJson,
                $"The body is not valid JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.");
        }
        catch (InvalidOperationException)
        {
            // The reader's way to say that a string is not UTF-8, or escapes half of a surrogate pair.
            return new Problem(ProblemTypes.InvalidJson, "The body is not valid JSON: a string is not valid Unicode.");
        }

        return errors.Count == 0
            ? null
            : new Problem(ProblemTypes.InvalidRequest, "The body does not have the right shape.", errors);
    }

    private static void Read(
        ref Utf8JsonReader reader, string[] known, Dictionary<string, string> members, List<ProblemError> errors)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            errors.Add(ProblemError.At("#", "invalid_type", "must be an object"));
            reader.Skip();
            reader.Read();
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                var shown = name.Length <= LongestEchoedName ? name : name[..LongestEchoedName];
                errors.Add(ProblemError.At("#", "unknown_member", $"has no member '{shown}'"));
            }
            else if (!seen.Add(name))
            {
                errors.Add(ProblemError.At("#/" + name, "duplicate_member", "is given more than once"));
            }
            else if (reader.TokenType == JsonTokenType.String)
            {
                members[name] = reader.GetString()!;
            }
            else if (reader.TokenType != JsonTokenType.Null)
            {
                errors.Add(ProblemError.At("#/" + name, "invalid_type", "must be a string or null"));
            }

            reader.Skip();
        }

        // Whatever follows the object makes this throw.
        reader.Read();
    }
}
