namespace Payments.Api.Flows;

/// <summary>What the body of a flow may hold.</summary>
[Flags]
internal enum FlowMember
{
    None = 0,
    AccountId = 1,
    Amount = 2,
    Currency = 4,
    UsdcAmount = 8,
    UsdAmount = 16,
    Reference = 32,
    Description = 64,
}

/// <summary>Reads the body that records a flow: each kind has some of the same members.</summary>
internal static class FlowParser
{
    private static readonly (FlowMember Member, string Name)[] Names =
    [
        (FlowMember.AccountId, "accountId"), (FlowMember.Amount, "amount"), (FlowMember.Currency, "currency"),
        (FlowMember.UsdcAmount, "usdcAmount"), (FlowMember.UsdAmount, "usdAmount"),
        (FlowMember.Reference, "reference"), (FlowMember.Description, "description"),
    ];

    /// <summary>The members, or what is wrong with the body: its syntax first, then its shape.</summary>
    /// <param name="known">All that this kind of flow has.</param>
    /// <param name="required">Those of them that must be there.</param>
    /// <param name="of">What the body is, as in "is not a member of a deposit".</param>
    public static Problem? Parse(
        ReadOnlySpan<byte> json, FlowMember known, FlowMember required, string of, out FlowMembers members)
    {
        members = default;
        var body = new BodyReader(json);
        try
        {
            ReadBody(ref body, known, required, of, ref members);
        }
        catch (Exception e) when (BodyReader.SyntaxProblem(e) is not null)
        {
            return BodyReader.SyntaxProblem(e);
        }

        return body.Errors is null
            ? null
            : new Problem(ProblemTypes.InvalidRequest, $"The body does not have the shape of {of}.", body.Errors);
    }

    private static void ReadBody(
        ref BodyReader body, FlowMember known, FlowMember required, string of, ref FlowMembers members)
    {
        if (!body.BeginBody())
        {
            return;
        }

        var seen = FlowMember.None;
        while (body.NextMember())
        {
            var (member, name) = Find(body, known);
            if (member == FlowMember.None)
            {
                body.SkipUnknownMember("#", of);
                continue;
            }

            body.ToValue(seenBefore: (seen & member) != FlowMember.None, "#");
            seen |= member;
            ReadMember(ref body, member, "#/" + name, optional: !required.HasFlag(member), ref members);
        }

        body.EndBody();
        foreach (var (member, name) in Names)
        {
            body.Require((required & ~seen & member) == FlowMember.None, "#/" + name);
        }
    }

    private static (FlowMember Member, string Name) Find(in BodyReader body, FlowMember known)
    {
        foreach (var named in Names)
        {
            if (known.HasFlag(named.Member) && body.NameIs(named.Name))
            {
                return named;
            }
        }

        return (FlowMember.None, "");
    }

    private static void ReadMember(
        ref BodyReader body, FlowMember member, string pointer, bool optional, ref FlowMembers members)
    {
        switch (member)
        {
            case FlowMember.AccountId:
                members.AccountId = body.ReadString(pointer, optional);
                break;
            case FlowMember.Currency:
                members.Currency = body.ReadString(pointer, optional);
                break;
            case FlowMember.Reference:
                members.Reference = body.ReadString(pointer, optional);
                break;
            case FlowMember.Description:
                members.Description = body.ReadString(pointer, optional);
                break;
            case var _ when optional && body.IsNull:
                break;
            case FlowMember.UsdAmount:
                members.UsdAmount = GivenAmount.Read(ref body, pointer);
                break;
            default:
                members.Amount = GivenAmount.Read(ref body, pointer);
                break;
        }
    }
}

/// <summary>The members as they stood in the body, before anything is known about their values.</summary>
internal struct FlowMembers
{
    public string? AccountId;

    /// <summary>Of a conversion, the amount in USDC.</summary>
    public GivenAmount Amount;

    public GivenAmount? UsdAmount;
    public string? Currency;
    public string? Reference;
    public string? Description;
}

/// <summary>An amount as it was read.</summary>
internal readonly record struct GivenAmount(Payments.AmountReading Reading, decimal Value)
{
    public static GivenAmount Read(ref BodyReader body, string pointer)
    {
        var reading = body.ReadAmount(pointer, out var value);
        return new GivenAmount(reading, value);
    }
}
