namespace Payments.Api;

/// <summary>Reads the value of the member that has this name, which is at hand.</summary>
internal delegate void ReadMember<TMembers>(ref BodyReader body, string name, ref TMembers members);

/// <summary>
/// An object whose members are all known: each is read once; one that is unknown, given twice or missing is a fault.
/// </summary>
/// <param name="of">What the object is, as in "is not a member of an account".</param>
/// <param name="known">The names of its members, 32 at most.</param>
/// <param name="required">Those of them that must be there.</param>
internal sealed class BodyShape<TMembers>(
    string of, string[] known, string[] required, ReadMember<TMembers> readMember)
{
    /// <summary>Reads a body. What is wrong with it: its syntax first, then its shape.</summary>
    public Problem? Read(ReadOnlySpan<byte> json, ref TMembers members)
    {
        var body = new BodyReader(json);
        try
        {
            if (body.BeginBody())
            {
                ReadMembers(ref body, "#", ref members);
                body.EndBody();
            }
        }
        catch (Exception e) when (BodyReader.SyntaxProblem(e) is not null)
        {
            return BodyReader.SyntaxProblem(e);
        }

        return body.Errors is null
            ? null
            : new Problem(ProblemTypes.InvalidRequest, $"The body does not have the shape of {of}.", body.Errors);
    }

    /// <summary>Reads the object at hand, which is a member of another.</summary>
    public void ReadObject(ref BodyReader body, string pointer, ref TMembers members)
    {
        if (body.BeginObject(pointer))
        {
            ReadMembers(ref body, pointer, ref members);
        }
    }

    private void ReadMembers(ref BodyReader body, string pointer, ref TMembers members)
    {
        var seen = 0u;
        while (body.NextMember())
        {
            var index = IndexOf(body);
            if (index < 0)
            {
                body.SkipUnknownMember(pointer, of);
                continue;
            }

            body.ToValue(seenBefore: (seen & (1u << index)) != 0, pointer);
            seen |= 1u << index;
            readMember(ref body, known[index], ref members);
        }

        foreach (var name in required)
        {
            body.Require((seen & (1u << Array.IndexOf(known, name))) != 0, pointer, name);
        }
    }

    private int IndexOf(in BodyReader body)
    {
        for (var i = 0; i < known.Length; i++)
        {
            if (body.NameIs(known[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
