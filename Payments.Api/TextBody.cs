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
            new SortedDictionary<string, string>(members.ToDictionary(), StringComparer.Ordinal),
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

        var body = new BodyReader(json);
        try
        {
            Read(ref body, known, members);
        }
        catch (Exception e) when (BodyReader.SyntaxProblem(e) is not null)
        {
            return BodyReader.SyntaxProblem(e);
        }

        return body.Errors is null
            ? null
            : new Problem(ProblemTypes.InvalidRequest, "The body does not have the right shape.", body.Errors);
    }

    private static void Read(ref BodyReader body, string[] known, Dictionary<string, string> members)
    {
        if (!body.BeginBody())
        {
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (body.NextMember())
        {
            if (Find(body, known) is not { } name)
            {
                body.SkipUnknownMember("#", "the request");
                continue;
            }

            body.ToValue(seenBefore: !seen.Add(name), "#");
            if (body.ReadString("#/" + name, optional: true) is { } value)
            {
                members[name] = value;
            }
        }

        body.EndBody();
    }

    private static string? Find(in BodyReader body, string[] known)
    {
        foreach (var name in known)
        {
            if (body.NameIs(name))
            {
                return name;
            }
        }

        return null;
    }
}
