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

        var read = new ActionMembers(new(StringComparer.Ordinal), null, null);
        if (new BodyShape<ActionMembers>("the request", known, [], ReadMember).Read(json, ref read) is { } problem)
        {
            return problem;
        }

        value = new ActionBody(read.Texts, read.Version, read.Ids, CanonicalJson.Of(json));
        return null;
    }

    private static void ReadMember(ref BodyReader body, string name, ref ActionMembers members)
    {
        if (name == IdsMember)
        {
            members = members with { Ids = body.ReadStrings("#/ids") };
        }
        else if (name == VersionMember && !body.IsNull)
        {
            members = members with { Version = body.ReadInteger("#/version") };
        }
        else if (body.ReadString("#/" + name, optional: true) is { } text)
        {
            members.Texts[name] = text;
        }
    }

    private readonly record struct ActionMembers(Dictionary<string, string> Texts, int? Version, List<string>? Ids);
}
