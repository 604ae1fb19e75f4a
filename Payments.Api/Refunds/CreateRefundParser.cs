namespace Payments.Api.Refunds;

/// <summary>Reads the body of a refund, of which every member is optional.</summary>
internal static class CreateRefundParser
{
    [Flags]
    private enum Members
    {
        None = 0,
        Amount = 1,
        Reason = 2,
        IdempotencyKey = 4,
    }

    /// <summary>The body of <c>POST /payments/{id}/refunds</c>, whose key stands in the header.</summary>
    public static Problem? Parse(ReadOnlySpan<byte> json, out CreateRefundRequest? request) =>
        Parse(json, Members.Amount | Members.Reason, out request);

    /// <summary>The body of <c>POST /api/v1/transactions/{id}/refund</c>, which may hold its key.</summary>
    public static Problem? ParseWithKey(ReadOnlySpan<byte> json, out CreateRefundRequest? request) =>
        Parse(json, Members.Amount | Members.Reason | Members.IdempotencyKey, out request);

    private static Problem? Parse(ReadOnlySpan<byte> json, Members known, out CreateRefundRequest? request)
    {
        request = null;
        var body = new BodyReader(json);
        var members = default(CreateRefundMembers);
        try
        {
            ReadBody(ref body, known, ref members);
        }
        catch (Exception e) when (BodyReader.SyntaxProblem(e) is not null)
        {
            return BodyReader.SyntaxProblem(e);
        }

        return body.Errors is null
            ? CreateRefundRequest.Check(members, out request)
            : new Problem(ProblemTypes.InvalidRequest, "The body does not have the shape of a refund.", body.Errors);
    }

    private static void ReadBody(ref BodyReader body, Members known, ref CreateRefundMembers members)
    {
        if (!body.BeginBody())
        {
            return;
        }

        var seen = Members.None;
        while (body.NextMember())
        {
            var member = Find(body) & known;
            if (member == Members.None)
            {
                body.SkipUnknownMember("#", "a refund");
                continue;
            }

            body.ToValue(seenBefore: (seen & member) != Members.None, "#");
            seen |= member;
            ReadMember(ref body, member, ref members);
        }

        body.EndBody();
    }

    private static Members Find(in BodyReader body) =>
        body.NameIs("amount"u8) ? Members.Amount
        : body.NameIs("reason"u8) ? Members.Reason
        : body.NameIs("idempotencyKey"u8) ? Members.IdempotencyKey
        : Members.None;

    private static void ReadMember(ref BodyReader body, Members member, ref CreateRefundMembers members)
    {
        switch (member)
        {
            case Members.Reason:
                members.Reason = body.ReadString("#/reason", optional: true);
                break;
            case Members.IdempotencyKey:
                members.IdempotencyKey = body.ReadString("#/idempotencyKey", optional: true);
                break;
            case Members.Amount when !body.IsNull:
                members.AmountReading = body.ReadAmount("#/amount", out var amount);
                members.Amount = amount;
                break;
        }
    }
}
