using Payments.Api.Idempotency;

namespace Payments.Api.Reconciliation;

/// <summary>
/// The body of what an operator does: optional strings, the version that was seen, and ids. Members that are unknown or
/// given twice are refused; no body at all is an empty one.
/// </summary>
internal sealed record ActionBody(
    IReadOnlyDictionary<string, string> Texts, int? Version, IReadOnlyList<string>? Ids, byte[] Canonical)
{
    public const string VersionMember = "version";

    public const string IdsMember = "ids";

    /// <summary>A member that was given and is not null.</summary>
    public string? this[string name] => Texts.GetValueOrDefault(name);

    /// <param name="known">The members that it may have.</param>
    public static async ValueTask<(Problem? Problem, ActionBody Body)> ReadAsync(
        HttpContext context, params string[] known)
    {
        var isEmpty = true;
        var (problem, body) = await RequestBody.ReadAsync(
            context,
            (ReadOnlySpan<byte> json, out ActionBody? value) =>
            {
                isEmpty = json.IsEmpty;
                return Parse(json, known, out value);
            });
        problem = isEmpty ? problem : RequestBody.RefuseMediaType(context.Request) ?? problem;
        return (problem, body ?? Empty);
    }

    private static ActionBody Empty { get; } =
        new(new Dictionary<string, string>(StringComparer.Ordinal), null, null, []);

    private static Problem? Parse(ReadOnlySpan<byte> json, string[] known, out ActionBody? value)
    {
        value = null;
        if (json.IsEmpty)
        {
            return null;
        }

        var body = new BodyReader(json);
        try
        {
            value = Read(ref body, known);
        }
        catch (Exception e) when (BodyReader.SyntaxProblem(e) is not null)
        {
            return BodyReader.SyntaxProblem(e);
        }

        if (body.Errors is not null)
        {
            return new Problem(ProblemTypes.InvalidRequest, "The body does not have the right shape.", body.Errors);
        }

        value = value with { Canonical = CanonicalJson.Of(json) };
        return null;
    }

    private static ActionBody Read(ref BodyReader body, string[] known)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        int? version = null;
        List<string>? ids = null;
        if (!body.BeginBody())
        {
            return Empty;
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
            if (name == IdsMember)
            {
                ids = body.ReadStrings("#/ids");
            }
            else if (name == VersionMember && !body.IsNull)
            {
                version = body.ReadInteger("#/version");
            }
            else if (body.ReadString("#/" + name, optional: true) is { } text)
            {
                texts[name] = text;
            }
        }

        body.EndBody();
        return new ActionBody(texts, version, ids, []);
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
