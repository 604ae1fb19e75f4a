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

    /// <param name="creating">A url is needed then, and nothing may be switched off.</param>
    public static Problem? Parse(
        ReadOnlySpan<byte> json, bool creating, WebhookAddress allowed, out TargetRequest? request)
    {
        request = null;
        var body = new BodyReader(json);
        var read = new TargetRequest(null, null, null, null);
        try
        {
            read = Read(ref body, creating);
        }
        catch (Exception e) when (BodyReader.SyntaxProblem(e) is not null)
        {
            return BodyReader.SyntaxProblem(e);
        }

        if (body.Errors is not null)
        {
            return new Problem(
                ProblemTypes.InvalidRequest, "The body does not have the shape of a target.", body.Errors);
        }

        request = read;
        return request.Check(allowed);
    }

    private static TargetRequest Read(ref BodyReader body, bool creating)
    {
        var read = new TargetRequest(null, null, null, null);
        if (!body.BeginBody())
        {
            return read;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (body.NextMember())
        {
            if (body.NameIs("url"u8))
            {
                body.ToValue(!seen.Add("url"), "#");
                read = read with { Url = body.ReadString("#/url", optional: false) };
            }
            else if (body.NameIs("description"u8))
            {
                body.ToValue(!seen.Add("description"), "#");
                read = read with { Description = body.ReadString("#/description", optional: true) };
            }
            else if (body.NameIs("eventTypes"u8))
            {
                body.ToValue(!seen.Add("eventTypes"), "#");
                read = read with { EventTypes = body.ReadStrings("#/eventTypes", MostEventTypes) };
            }
            else if (!creating && body.NameIs("enabled"u8))
            {
                body.ToValue(!seen.Add("enabled"), "#");
                read = read with { Enabled = body.ReadFlag("#/enabled") };
            }
            else
            {
                body.SkipUnknownMember("#", "a webhook target");
            }
        }

        body.EndBody();
        body.Require(!creating || seen.Contains("url"), "#/url");
        return read;
    }
}
