using Payments.Ledger.Webhooks;

namespace Payments.Api.Webhooks;

/// <summary>A target to create, or what to change of one; what is null stays as it is.</summary>
internal sealed record TargetRequest(
    string? Url, string? Description, IReadOnlyList<string>? EventTypes, bool? Enabled)
{
    private const int DescriptionMaxLength = 500;

    /// <summary>What is wrong with the values, if anything is.</summary>
    public Problem? Check(WebhookAddress allowed)
    {
        var errors = new List<ProblemError>();
        if (Url is not null && allowed.Check(Url) is { } wrong)
        {
            errors.Add(ProblemError.At("#/url", "invalid_url", wrong));
        }

        if (Description is not null && (Description.Length > DescriptionMaxLength || Description.Any(char.IsControl)))
        {
            errors.Add(ProblemError.At(
                "#/description", "invalid_text",
                $"must be at most {DescriptionMaxLength} characters without control characters"));
        }

        foreach (var (index, type) in (EventTypes ?? []).Index())
        {
            if (!WebhookEventType.All.Contains(type, StringComparer.Ordinal))
            {
                errors.Add(ProblemError.At(
                    $"#/eventTypes/{index}", "unknown_event_type",
                    "must be one of " + string.Join(", ", WebhookEventType.All)));
            }
        }

        return errors.Count == 0
            ? null
            : new Problem(ProblemTypes.Unprocessable, "A value of the target is not accepted.", errors);
    }
}

/// <summary>Reads the body of a creation or a change.</summary>
internal static class TargetParser
{
    private const int MostEventTypes = 20;

    private static readonly BodyShape<TargetRequest> Creation =
        new("a webhook target", ["url", "description", "eventTypes"], ["url"], ReadMember);

    private static readonly BodyShape<TargetRequest> Change =
        new("a webhook target", ["url", "description", "eventTypes", "enabled"], [], ReadMember);

    /// <param name="creating">A url is needed then, and nothing may be switched off.</param>
    public static Problem? Parse(
        ReadOnlySpan<byte> json, bool creating, WebhookAddress allowed, out TargetRequest? request)
    {
        request = null;
        var read = new TargetRequest(null, null, null, null);
        if ((creating ? Creation : Change).Read(json, ref read) is { } problem)
        {
            return problem;
        }

        request = read;
        return request.Check(allowed);
    }

    private static void ReadMember(ref BodyReader body, string name, ref TargetRequest read) => read = name switch
    {
        "url" => read with { Url = body.ReadString("#/url", optional: false) },
        "description" => read with { Description = body.ReadString("#/description", optional: true) },
        "eventTypes" => read with { EventTypes = body.ReadStrings("#/eventTypes", MostEventTypes) },
        _ => read with { Enabled = body.ReadFlag("#/enabled") },
    };
}
