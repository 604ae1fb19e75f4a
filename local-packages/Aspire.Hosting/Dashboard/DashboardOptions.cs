using System.Globalization;
using System.Security.Cryptography;
using Aspire.Hosting.Orchestration;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Dashboard;

/// <summary>Where the dashboard is, and the keys between it, people and services. New keys for every run.</summary>
internal sealed record DashboardOptions(bool IsEnabled, Uri FrontendUrl, string OtlpUrl, string OtlpHttpUrl)
{
    // 128 bits: not to be guessed by another user of the machine.
    private const int KeyBytes = 16;

    public string BrowserToken { get; init; } = NewKey();

    public string OtlpApiKey { get; } = NewKey();

    public string ResourceServiceUrl { get; } = FreeUrl();

    public string ResourceServiceKey { get; } = NewKey();

    public string LoginUrl => $"{FrontendUrl.GetLeftPart(UriPartial.Authority)}/login?t={BrowserToken}";

    /// <summary>Ports that settings fixed, and which must be free.</summary>
    public IReadOnlyList<(string Owner, int Port)> FixedPorts { get; private init; } = [];

    /// <summary>From the AppHost's launch profile or environment; free ports for what they leave out.</summary>
    public static DashboardOptions From(IConfiguration configuration, bool isDisabled)
    {
        var frontend = configuration["ASPNETCORE_URLS"]?.Split(';')[0];
        var otlp = configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"];
        var otlpHttp = configuration["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"];
        var options = new DashboardOptions(
            !isDisabled, new(frontend ?? FreeUrl()), otlp ?? FreeUrl(), otlpHttp ?? FreeUrl())
        {
            FixedPorts = isDisabled
                ? []
                : [.. new[] { frontend, otlp, otlpHttp }
                    .OfType<string>()
                    .Select(url => ("dashboard", new Uri(url).Port))],
        };

        return configuration["ASPIRE_DASHBOARD_FRONTEND_BROWSERTOKEN"] is { Length: > 0 } token
            ? options with { BrowserToken = token }
            : options;
    }

    private static string FreeUrl() =>
        string.Create(CultureInfo.InvariantCulture, $"http://localhost:{PublicPorts.Free()}");

    private static string NewKey() => RandomNumberGenerator.GetHexString(KeyBytes * 2, lowercase: true);
}
