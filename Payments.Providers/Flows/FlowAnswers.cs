using System.Text.Json;
using System.Text.Json.Serialization;

namespace Payments.Providers.Flows;

/// <summary>The API's lists of completed flows, as far as they are read.</summary>
internal sealed record FlowList<T>(
    [property: JsonRequired] IReadOnlyList<T> Data,
    [property: JsonRequired, JsonPropertyName("has_more")] bool HasMore);

internal interface IFlow
{
    Guid Id { get; }
}

/// <summary>USDC that arrived.</summary>
internal sealed record Deposit(
    [property: JsonRequired] Guid Id,
    [property: JsonRequired] string AccountId,
    [property: JsonRequired] decimal Amount,
    [property: JsonRequired] DateTimeOffset CreatedAt) : IFlow;

/// <summary>USDC that became dollars.</summary>
internal sealed record Conversion(
    [property: JsonRequired] Guid Id,
    [property: JsonRequired] string AccountId,
    [property: JsonRequired] decimal UsdcAmount,
    [property: JsonRequired] decimal UsdAmount,
    [property: JsonRequired] DateTimeOffset CreatedAt) : IFlow;

/// <summary>Dollars that left.</summary>
internal sealed record Withdrawal(
    [property: JsonRequired] Guid Id,
    [property: JsonRequired] string AccountId,
    [property: JsonRequired] decimal Amount,
    [property: JsonRequired] DateTimeOffset CreatedAt) : IFlow;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(FlowList<Deposit>))]
[JsonSerializable(typeof(FlowList<Conversion>))]
[JsonSerializable(typeof(FlowList<Withdrawal>))]
internal sealed partial class FlowJson : JsonSerializerContext;
