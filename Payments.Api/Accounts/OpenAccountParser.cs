namespace Payments.Api.Accounts;

/// <summary>Reads the body of <c>POST /accounts</c>.</summary>
internal static class OpenAccountParser
{
    /// <summary>
    /// The accepted request, or what is wrong with the body: its syntax first, its shape, then its values.
    /// </summary>
    public static Problem? Parse(ReadOnlySpan<byte> json, out OpenAccountRequest? request)
    {
        request = null;
        var body = new BodyReader(json);
        var members = default(OpenAccountMembers);
        try
        {
            ReadBody(ref body, ref members);
        }
        catch (Exception e) when (BodyReader.SyntaxProblem(e) is not null)
        {
            return BodyReader.SyntaxProblem(e);
        }

        return body.Errors is null
            ? OpenAccountRequest.Check(members, out request)
            : new Problem(ProblemTypes.InvalidRequest, "The body does not have the shape of an account.", body.Errors);
    }

    private static void ReadBody(ref BodyReader body, ref OpenAccountMembers members)
    {
        if (!body.BeginBody())
        {
            return;
        }

        var (hasName, hasCurrency, hasMinimum) = (false, false, false);
        while (body.NextMember())
        {
            if (body.NameIs("accountId"u8))
            {
                body.ToValue(hasName, "#");
                members.AccountId = body.ReadString("#/accountId", optional: false);
                hasName = true;
            }
            else if (body.NameIs("currency"u8))
            {
                body.ToValue(hasCurrency, "#");
                members.Currency = body.ReadString("#/currency", optional: true);
                hasCurrency = true;
            }
            else if (body.NameIs("minimumBalance"u8))
            {
                body.ToValue(hasMinimum, "#");
                members.HasMinimum = !body.IsNull;
                hasMinimum = true;
                if (members.HasMinimum)
                {
                    members.MinimumReading = body.ReadAmount("#/minimumBalance", out members.MinimumBalance);
                }
            }
            else
            {
                body.SkipUnknownMember("#", "an account");
            }
        }

        body.EndBody();
        body.Require(hasName, "#/accountId");
    }
}
