namespace Payments.Api.Flows;

/// <summary>Reads the body that records a flow: each kind has some of the same members.</summary>
internal static class FlowParser
{
    /// <param name="of">What the body is, as in "is not a member of a deposit".</param>
    /// <param name="known">All members that this kind of flow has.</param>
    /// <param name="required">Those of them that must be there, and not null.</param>
    public static BodyShape<FlowMembers> ShapeOf(string of, string[] known, string[] required) => new(
        of, known, required,
        (ref BodyReader body, string name, ref FlowMembers members) =>
            ReadMember(ref body, name, optional: !required.Contains(name, StringComparer.Ordinal), ref members));

    private static void ReadMember(ref BodyReader body, string name, bool optional, ref FlowMembers members)
    {
        switch (name)
        {
            case "accountId":
                members.AccountId = body.ReadString("#/accountId", optional);
                break;
            case "currency":
                members.Currency = body.ReadString("#/currency", optional);
                break;
            case "reference":
                members.Reference = body.ReadString("#/reference", optional);
                break;
            case "description":
                members.Description = body.ReadString("#/description", optional);
                break;
            case var _ when optional && body.IsNull:
                break;
            case "usdAmount":
                members.UsdAmount = GivenAmount.Read(ref body, "#/usdAmount");
                break;
            default:
                members.Amount = GivenAmount.Read(ref body, "#/" + name);
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
