using System.Text.Json.Serialization;

namespace Payments.Web.Flows;

/// <summary>
/// A deposit, conversion or withdrawal. A conversion has an amount in each of its currencies, the others have one.
/// </summary>
public sealed record Flow(
    Guid Id,
    string AccountId,
    string Status,
    DateTimeOffset CreatedAt,
    decimal? Amount = null,
    string? Currency = null,
    decimal? UsdcAmount = null,
    decimal? UsdAmount = null,
    DateTimeOffset? CompletedAt = null,
    string? Reference = null,
    string? Description = null,
    string? FailureReason = null)
{
    /// <summary>True until it was completed or has failed.</summary>
    [JsonIgnore]
    public bool IsOpen => Status is "pending" or "reserved";
}

/// <summary>The body that records a flow: of the amounts, those that its kind has.</summary>
public sealed record NewFlow(
    string AccountId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] decimal? Amount,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] decimal? UsdcAmount,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] decimal? UsdAmount,
    string? Reference,
    string? Description);

/// <summary>A flow that is to fail, and why.</summary>
public sealed record FlowFailure(Flow Flow, string Reason);

/// <summary>A flow that exists now; <c>Replayed</c> when an earlier attempt had created it.</summary>
public sealed record CreatedFlow(Flow Flow, bool Replayed);
