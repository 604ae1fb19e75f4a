namespace Payments.Ledger.Audit;

/// <summary>Who acts.</summary>
/// <param name="Name">Owner of the API key, or the command or service that acts without one.</param>
public sealed record AuditActor(string Name, Guid? KeyId = null);

/// <summary>How an action ended.</summary>
public static class AuditOutcome
{
    public const string Succeeded = "succeeded";

    /// <summary>A rule forbade it.</summary>
    public const string Refused = "refused";

    /// <summary>It was allowed and did not work.</summary>
    public const string Failed = "failed";
}

/// <summary>What someone did to an object.</summary>
/// <param name="Action"><c>object.verb</c> in lower case: <c>refund.created</c>.</param>
public sealed record AuditEvent(AuditActor Actor, string Action, string ObjectType, string ObjectId)
{
    /// <summary>One of <see cref="AuditOutcome"/>.</summary>
    public string Outcome { get; init; } = AuditOutcome.Succeeded;

    /// <summary>The account in whose audit trail it appears.</summary>
    public string? Account { get; init; }

    /// <summary>The second account, of what concerns two.</summary>
    public string? OtherAccount { get; init; }

    /// <summary>The accounts' currency; null when it concerns the holder in every currency.</summary>
    public string? Currency { get; init; }

    /// <summary>An object whose members become JSON in camelCase. Never a secret.</summary>
    public object? Details { get; init; }
}
