namespace Payments.Api.Payments;

/// <summary>Reads the body of <c>POST /payments</c> in one pass; this is the hot path.</summary>
internal static class CreatePaymentParser
{
    [Flags]
    private enum Members
    {
        None = 0,
        AccountId = 1,
        Amount = 2,
        Currency = 4,
        Description = 8,
    }

    /// <summary>
    /// The accepted request, or what is wrong with the body: its syntax first, its shape, then its values.
    /// </summary>
    public static Problem? Parse(ReadOnlySpan<byte> json, out CreatePaymentRequest? request)
    {
        request = null;
        var body = new BodyReader(json);
        var members = default(CreatePaymentMembers);
        try
        {
            ReadBody(ref body, ref members);
        }
        catch (Exception e) when (BodyReader.SyntaxProblem(e) is not null)
        {
            return BodyReader.SyntaxProblem(e);
        }

        return body.Errors is null
            ? CreatePaymentRequest.Check(members, out request)
            : new Problem(ProblemTypes.InvalidRequest, "The body does not have the shape of a payment.", body.Errors);
    }

    private static void ReadBody(ref BodyReader body, ref CreatePaymentMembers members)
    {
        if (!body.BeginBody())
        {
            return;
        }

        var seen = Members.None;
        while (body.NextMember())
        {
            var member = Find(body);
            if (member == Members.None)
            {
                body.SkipUnknownMember("#", "a payment");
                continue;
            }

            body.ToValue(seenBefore: (seen & member) != Members.None, "#");
            seen |= member;
            ReadMember(ref body, member, ref members);
        }

        body.EndBody();
        body.Require((seen & Members.AccountId) != Members.None, "#", "accountId");
        body.Require((seen & Members.Amount) != Members.None, "#", "amount");
    }

    private static Members Find(in BodyReader body) =>
        body.NameIs("accountId"u8) ? Members.AccountId
        : body.NameIs("amount"u8) ? Members.Amount
        : body.NameIs("description"u8) ? Members.Description
        : body.NameIs("currency"u8) ? Members.Currency
        : Members.None;

    private static void ReadMember(ref BodyReader body, Members member, ref CreatePaymentMembers members)
    {
        switch (member)
        {
            case Members.AccountId:
                members.AccountId = body.ReadString("#/accountId", optional: false);
                break;
            case Members.Currency:
                members.Currency = body.ReadString("#/currency", optional: true);
                break;
            case Members.Description:
                members.Description = body.ReadString("#/description", optional: true);
                break;
            default:
                members.AmountReading = body.ReadAmount("#/amount", out members.Amount);
                break;
        }
    }
}
