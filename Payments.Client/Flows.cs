using System.Text.Json.Serialization;

namespace Payments.Client;

/// <summary>
/// A deposit, conversion or withdrawal. A conversion has an amount in each of its currencies, the others have one.
/// </summary>
public sealed record Flow(
    Guid Id,
    string AccountId,
    string Status,
    DateTimeOffset CreatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] decimal? Amount = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Currency = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] decimal? UsdcAmount = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] decimal? UsdAmount = null,
    DateTimeOffset? CompletedAt = null,
    string? Reference = null,
    string? Description = null,
    string? FailureReason = null,
    string? TraceId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    Guid? ClosingTransactionId = null) : IListItem
{
    [JsonIgnore]
    public string Cursor => Id.ToString();

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

/// <summary>Where flows of one kind are, below <c>/api/v1</c>.</summary>
public sealed record FlowRoute(string Path)
{
    public static FlowRoute Deposits { get; } = new("deposits");

    public static FlowRoute Conversions { get; } = new("conversions");

    public static FlowRoute Withdrawals { get; } = new("withdrawals");
}
