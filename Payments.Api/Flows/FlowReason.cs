namespace Payments.Api.Flows;

/// <summary>Why a flow failed, as the body of a request says it.</summary>
internal static class FlowReason
{
    public const string Member = "reason";

    /// <summary>The reason, which must be given: it is all that is known about the failure.</summary>
    public static async ValueTask<(Problem? Problem, string Reason)> ReadAsync(HttpContext context)
    {
        var (problem, members) = await TextBody.ReadAsync(context, Member);
        if (problem is not null)
        {
            return (problem, "");
        }

        if (members.GetValueOrDefault(Member) is not { } reason)
        {
            return (new Problem(
                ProblemTypes.InvalidRequest, "The body needs the member reason.",
                [ProblemError.At("#/reason", "required", "is missing")]), "");
        }

        var errors = new List<ProblemError>();
        FlowValues.CheckText(reason, "#/reason", "invalid_text", errors);
        return (FlowValues.Refuse(errors, "request"), reason);
    }
}
