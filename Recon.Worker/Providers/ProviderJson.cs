using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recon.Worker.Providers;

/// <summary>The answers of the providers, as far as they are read.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(CircleWallets))]
[JsonSerializable(typeof(IReadOnlyList<AlpacaAccount>))]
[JsonSerializable(typeof(AlpacaTradingAccount))]
internal sealed partial class ProviderJson : JsonSerializerContext;
