namespace Payments.Api.Transfers;

/// <summary>Reads the body of <c>POST /api/v1/transactions</c> in one pass.</summary>
internal static class CreateTransferParser
{
    private const string Of = "#/transaction";

    [Flags]
    private enum Members
    {
        None = 0,
        Transaction = 1,
        IdempotencyKey = 2,
        Source = 4,
        Destination = 8,
        Amount = 16,
        Currency = 32,
        Description = 64,
    }

    /// <summary>
    /// The accepted request, or what is wrong with the body: its syntax first, its shape, then its values.
    /// </summary>
    public static Problem? Parse(ReadOnlySpan<byte> json, out CreateTransferRequest? request)
    {
        request = null;
        var body = new BodyReader(json);
        var members = default(CreateTransferMembers);
        try
        {
            ReadBody(ref body, ref members);
        }
        catch (Exception e) when (BodyReader.SyntaxProblem(e) is not null)
        {
            return BodyReader.SyntaxProblem(e);
        }

        return body.Errors is null
            ? CreateTransferRequest.Check(members, out request)
            : new Problem(
                ProblemTypes.InvalidRequest, "The body does not have the shape of a transaction.", body.Errors);
    }

    private static void ReadBody(ref BodyReader body, ref CreateTransferMembers members)
    {
        if (!body.BeginBody())
        {
            return;
        }

        var seen = Members.None;
        while (body.NextMember())
        {
            var member = body.NameIs("transaction"u8) ? Members.Transaction
                : body.NameIs("idempotencyKey"u8) ? Members.IdempotencyKey
                : Members.None;
            if (member == Members.None)
            {
                body.SkipUnknownMember("#", "the request");
                continue;
            }

            body.ToValue(seenBefore: (seen & member) != Members.None, "#");
            seen |= member;
            if (member == Members.IdempotencyKey)
            {
                members.IdempotencyKey = body.ReadString("#/idempotencyKey", optional: false);
            }
            else if (body.BeginObject(Of))
            {
                ReadTransaction(ref body, ref members);
            }
        }

        body.EndBody();
        body.Require((seen & Members.Transaction) != Members.None, Of);
    }

    private static void ReadTransaction(ref BodyReader body, ref CreateTransferMembers members)
    {
        var seen = Members.None;
        while (body.NextMember())
        {
            var member = Find(body);
            if (member == Members.None)
            {
                body.SkipUnknownMember(Of, "a transaction");
                continue;
            }

            body.ToValue(seenBefore: (seen & member) != Members.None, Of);
            seen |= member;
            ReadMember(ref body, member, ref members);
        }

        body.Require((seen & Members.Source) != Members.None, Of + "/source_account_id");
        body.Require((seen & Members.Destination) != Members.None, Of + "/destination_account_id");
        body.Require((seen & Members.Amount) != Members.None, Of + "/amount");
    }

    private static Members Find(in BodyReader body) =>
        body.NameIs("source_account_id"u8) ? Members.Source
        : body.NameIs("destination_account_id"u8) ? Members.Destination
        : body.NameIs("amount"u8) ? Members.Amount
        : body.NameIs("currency"u8) ? Members.Currency
        : body.NameIs("description"u8) ? Members.Description
        : Members.None;

    private static void ReadMember(ref BodyReader body, Members member, ref CreateTransferMembers members)
    {
        switch (member)
        {
            case Members.Source:
                members.Source = body.ReadString(Of + "/source_account_id", optional: false);
                break;
            case Members.Destination:
                members.Destination = body.ReadString(Of + "/destination_account_id", optional: false);
                break;
            case Members.Currency:
                members.Currency = body.ReadString(Of + "/currency", optional: true);
                break;
            case Members.Description:
                members.Description = body.ReadString(Of + "/description", optional: true);
                break;
            default:
                members.AmountReading = body.ReadAmount(Of + "/amount", out members.Amount);
                break;
        }
    }
}
