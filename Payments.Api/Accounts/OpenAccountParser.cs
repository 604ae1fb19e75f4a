namespace Payments.Api.Accounts;

/// <summary>Reads the body of <c>POST /accounts</c>.</summary>
internal static class OpenAccountParser
{
    private static readonly BodyShape<OpenAccountMembers> Shape =
        new("an account", ["accountId", "currency", "minimumBalance"], ["accountId"], ReadMember);

    /// <summary>
    /// The accepted request, or what is wrong with the body: its syntax first, its shape, then its values.
    /// </summary>
    public static Problem? Parse(ReadOnlySpan<byte> json, out OpenAccountRequest? request)
    {
        request = null;
        var members = default(OpenAccountMembers);
        return Shape.Read(json, ref members) ?? OpenAccountRequest.Check(members, out request);
    }

    private static void ReadMember(ref BodyReader body, string name, ref OpenAccountMembers members)
    {
        switch (name)
        {
            case "accountId":
                members.AccountId = body.ReadString("#/accountId", optional: false);
                break;
            case "currency":
                members.Currency = body.ReadString("#/currency", optional: true);
                break;
            default:
                members.HasMinimum = !body.IsNull;
                if (members.HasMinimum)
                {
                    members.MinimumReading = body.ReadAmount("#/minimumBalance", out members.MinimumBalance);
                }

                break;
        }
    }
}
