namespace Payments.Api.Transfers;

/// <summary>Reads the body of <c>POST /api/v1/transactions</c> in one pass.</summary>
internal static class CreateTransferParser
{
    private const string Of = "#/transaction";

    private static readonly BodyShape<CreateTransferMembers> Request =
        new("the request", ["transaction", "idempotencyKey"], ["transaction"], ReadRequestMember);

    private static readonly BodyShape<CreateTransferMembers> Transaction = new(
        "a transaction",
        ["source_account_id", "destination_account_id", "amount", "currency", "description"],
        ["source_account_id", "destination_account_id", "amount"],
        ReadMember);

    /// <summary>
    /// The accepted request, or what is wrong with the body: its syntax first, its shape, then its values.
    /// </summary>
    public static Problem? Parse(ReadOnlySpan<byte> json, out CreateTransferRequest? request)
    {
        request = null;
        var members = default(CreateTransferMembers);
        return Request.Read(json, ref members) ?? CreateTransferRequest.Check(members, out request);
    }

    private static void ReadRequestMember(ref BodyReader body, string name, ref CreateTransferMembers members)
    {
        if (name == "transaction")
        {
            Transaction.ReadObject(ref body, Of, ref members);
        }
        else
        {
            members.IdempotencyKey = body.ReadString("#/idempotencyKey", optional: false);
        }
    }

    private static void ReadMember(ref BodyReader body, string name, ref CreateTransferMembers members)
    {
        switch (name)
        {
            case "source_account_id":
                members.Source = body.ReadString(Of + "/source_account_id", optional: false);
                break;
            case "destination_account_id":
                members.Destination = body.ReadString(Of + "/destination_account_id", optional: false);
                break;
            case "currency":
                members.Currency = body.ReadString(Of + "/currency", optional: true);
                break;
            case "description":
                members.Description = body.ReadString(Of + "/description", optional: true);
                break;
            default:
                members.AmountReading = body.ReadAmount(Of + "/amount", out members.Amount);
                break;
        }
    }
}
