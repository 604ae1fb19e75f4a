using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Payments.Ledger.Providers;

namespace Recon.Worker.Providers;

/// <summary>
/// Where the providers are and how patiently they are asked; section <c>Providers</c>, beside
/// <see cref="ProviderPolicy"/>. A provider without any of its settings is not asked.
/// </summary>
internal sealed class ProviderOptions
{
    public CircleOptions Circle { get; set; } = new();

    public AlpacaOptions Alpaca { get; set; } = new();

    /// <summary>Time between two readings of a provider's balance, give or take a tenth.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan RefreshInterval { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long one try of one request may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:05:00")]
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the whole reading may take, with all its pages and retries.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Tries of one request after the first.</summary>
    [Range(0, 10)]
    public int Retries { get; set; } = 3;

    /// <summary>
    /// First wait before a retry; it doubles with each, with jitter, unless the provider says how long.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A provider that asks for a longer wait than this is not waited for.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan LongestWait { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a provider that keeps failing is left alone.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "01:00:00")]
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(15);
}

internal sealed class CircleOptions
{
    public string? BaseUrl { get; set; }

    public string? ApiKey { get; set; }

    public bool IsConfigured => !string.IsNullOrWhiteSpace(BaseUrl);
}

internal sealed class AlpacaOptions
{
    public string? BaseUrl { get; set; }

    public string? KeyId { get; set; }

    public string? Secret { get; set; }

    public bool IsConfigured => !string.IsNullOrWhiteSpace(BaseUrl);
}

/// <summary>Names the setting that is wrong, and never says what it holds.</summary>
internal sealed class ProviderOptionsCheck(IHostEnvironment environment, IConfiguration configuration)
    : IValidateOptions<ProviderOptions>
{
    public ValidateOptionsResult Validate(string? name, ProviderOptions options)
    {
        var (circle, alpaca) = (options.Circle, options.Alpaca);
        string[] complaints =
        [
            .. Check("Circle", circle.BaseUrl, ("ApiKey", circle.ApiKey)),
            .. Check("Alpaca", alpaca.BaseUrl, ("KeyId", alpaca.KeyId), ("Secret", alpaca.Secret)),
            .. CheckInterval(options),
        ];

        return complaints.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(complaints);
    }

    // A maximum age that is none is the complaint of the policy itself.
    private string[] CheckInterval(ProviderOptions options)
    {
        var policy = configuration.GetSection(ProviderPolicy.Section).Get<ProviderPolicy>() ?? new ProviderPolicy();
        return !(options.Circle.IsConfigured || options.Alpaca.IsConfigured)
            || policy.MaximumAge <= TimeSpan.Zero || options.RefreshInterval < policy.MaximumAge
            ? []
            : ["Providers:RefreshInterval must be shorter than Providers:MaximumAge: what is known would be too old."];
    }

    private IEnumerable<string> Check(
        string provider, string? baseUrl, params IReadOnlyList<(string Name, string? Value)> credentials)
    {
        var isSet = credentials.Where(one => !string.IsNullOrWhiteSpace(one.Value)).ToList();
        if (string.IsNullOrWhiteSpace(baseUrl))
        {
            return isSet.Select(one => FormattableString.Invariant(
                $"Providers:{provider}:{one.Name} is set, but Providers:{provider}:BaseUrl does not say where."));
        }

        // A header holds visible ASCII only; what it cannot hold must not be found out when it is sent.
        var complaints = credentials
            .Where(one => one.Value is not { Length: > 0 } value || value.Any(c => c is <= ' ' or > '~'))
            .Select(one => FormattableString.Invariant(
                $"Providers:{provider}:{one.Name} must be set, without spaces, when BaseUrl is."));
        return IsUsable(baseUrl)
            ? complaints
            : complaints.Append(FormattableString.Invariant(
                $"Providers:{provider}:BaseUrl must be an https address without a query; http only to this machine."));
    }

    // Credentials travel with every request: in the clear they may go to this machine, and in development anywhere.
    private bool IsUsable(string baseUrl) =>
        Uri.TryCreate(baseUrl, UriKind.Absolute, out var url)
        && url is { Query: "", Fragment: "", UserInfo: "" }
        && (url.Scheme == Uri.UriSchemeHttps
            || (url.Scheme == Uri.UriSchemeHttp && (url.IsLoopback || environment.IsDevelopment())));
}
