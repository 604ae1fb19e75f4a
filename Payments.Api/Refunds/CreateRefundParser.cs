namespace Payments.Api.Refunds;

/// <summary>Reads the body of a refund, of which every member is optional.</summary>
internal static class CreateRefundParser
{
    private static readonly BodyShape<CreateRefundMembers> Bare =
        new("a refund", ["amount", "reason"], [], ReadMember);

    private static readonly BodyShape<CreateRefundMembers> WithKey =
        new("a refund", ["amount", "reason", "idempotencyKey"], [], ReadMember);

    /// <summary>The body of <c>POST /payments/{id}/refunds</c>, whose key stands in the header.</summary>
    public static Problem? Parse(ReadOnlySpan<byte> json, out CreateRefundRequest? request) =>
        Parse(json, Bare, out request);

    /// <summary>The body of <c>POST /api/v1/transactions/{id}/refund</c>, which may hold its key.</summary>
    public static Problem? ParseWithKey(ReadOnlySpan<byte> json, out CreateRefundRequest? request) =>
        Parse(json, WithKey, out request);

    private static Problem? Parse(
        ReadOnlySpan<byte> json, BodyShape<CreateRefundMembers> shape, out CreateRefundRequest? request)
    {
        request = null;
        var members = default(CreateRefundMembers);
        return shape.Read(json, ref members) ?? CreateRefundRequest.Check(members, out request);
    }

    private static void ReadMember(ref BodyReader body, string name, ref CreateRefundMembers members)
    {
        switch (name)
        {
            case "reason":
                members.Reason = body.ReadString("#/reason", optional: true);
                break;
            case "idempotencyKey":
                members.IdempotencyKey = body.ReadString("#/idempotencyKey", optional: true);
                break;
            case "amount" when !body.IsNull:
                members.AmountReading = body.ReadAmount("#/amount", out var amount);
                members.Amount = amount;
                break;
        }
    }
}
