using Recon.Worker.Providers;

namespace Recon.Worker.Tests.Providers;

/// <summary>Adapters against a server, with retries that come at once.</summary>
internal static class ProviderReaders
{
    public const string CircleKey = "SAND_API_KEY:1:secret-of-circle";
    public const string AlpacaKeyId = "CK123";
    public const string AlpacaSecret = "secret-of-alpaca";

    /// <summary>Of one try, and of a whole reading.</summary>
    public static IReadOnlyCollection<TimeSpan> TimeLimits { get; } =
        [new ProviderOptions().AttemptTimeout, new ProviderOptions().TotalTimeout];

    public static ProviderOptions Options(string address, Action<ProviderOptions>? change = null)
    {
        var options = new ProviderOptions
        {
            Circle = { BaseUrl = address, ApiKey = CircleKey },
            Alpaca = { BaseUrl = address, KeyId = AlpacaKeyId, Secret = AlpacaSecret },
            RetryDelay = TimeSpan.FromMilliseconds(1),
        };
        change?.Invoke(options);
        return options;
    }

    public static CircleBalances Circle(
        ProviderServer server, Action<ProviderOptions>? change = null, TimeProvider? clock = null) =>
        new(Microsoft.Extensions.Options.Options.Create(Options(server.Address, change)), clock ?? TimeProvider.System);

    public static AlpacaBalances Alpaca(
        ProviderServer server, Action<ProviderOptions>? change = null, TimeProvider? clock = null) =>
        new(Microsoft.Extensions.Options.Options.Create(Options(server.Address, change)), clock ?? TimeProvider.System);
}
