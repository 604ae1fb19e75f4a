using System.Globalization;
using Payments.Api.Paging;

namespace Payments.Api.Webhooks;

/// <summary>Which deliveries to begin anew: those that failed since this time, of one target or of all.</summary>
internal sealed record ReplayRequest(DateTimeOffset Since, Guid? TargetId)
{
    private static readonly string[] Members = ["since", "targetId"];

    public static Problem? Parse(ReadOnlySpan<byte> json, out ReplayRequest? request)
    {
        request = null;
        return TextBody.Parse(json, Members, out var members) ?? Check(members, out request);
    }

    private static Problem? Check(Dictionary<string, string> members, out ReplayRequest? request)
    {
        var errors = new List<ProblemError>();
        if (!DateTimeOffset.TryParse(
            members.GetValueOrDefault("since"), CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var since)
            || !QueryParameters.IsUsual(since))
        {
            errors.Add(ProblemError.At(
                "#/since", "invalid_time", "must be a date or a time in ISO 8601, such as 2026-03-01T10:00:00Z"));
        }

        Guid? target = null;
        if (members.TryGetValue("targetId", out var text))
        {
            if (Guid.TryParseExact(text, "D", out var id))
            {
                target = id;
            }
            else
            {
                errors.Add(ProblemError.At("#/targetId", "invalid_id", "is not the id of a target"));
            }
        }

        request = errors.Count == 0 ? new ReplayRequest(since, target) : null;
        return errors.Count == 0
            ? null
            : new Problem(ProblemTypes.Unprocessable, "A value of the replay is not accepted.", errors);
    }
}
