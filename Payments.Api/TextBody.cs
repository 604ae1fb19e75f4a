using System.Text.Json;

namespace Payments.Api;

/// <summary>
/// Reads a small body of which every member is an optional string. No body at all is an empty one; members that are
/// unknown or given twice are refused.
/// </summary>
internal static class TextBody
{
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

    /// <summary>The members in the order of their names: what bodies that say the same have in common.</summary>
    public static byte[] Canonical(IReadOnlyDictionary<string, string> members) => members.Count == 0
        ? []
        : JsonSerializer.SerializeToUtf8Bytes(
            new SortedDictionary<string, string>(members.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal),
            ApiJson.Default.SortedDictionaryStringString);

    /// <summary>The members of a body that has been read already.</summary>
    public static Problem? Parse(
        ReadOnlySpan<byte> json, string[] known, out Dictionary<string, string> members)
    {
        members = new Dictionary<string, string>(StringComparer.Ordinal);
        if (json.IsEmpty)
        {
            return null;
        }

        var shape = new BodyShape<Dictionary<string, string>>(
            "the request", known, [],
            static (ref BodyReader body, string name, ref Dictionary<string, string> members) =>
            {
                if (body.ReadString("#/" + name, optional: true) is { } value)
                {
                    members[name] = value;
                }
            });
        return shape.Read(json, ref members);
    }
}
