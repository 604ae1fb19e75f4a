using Payments.Testing;

namespace Recon.Worker.Tests.Providers;

/// <summary>A worker with a bad setting of a provider does not come up, and says which.</summary>
public sealed class ProviderOptionsTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Theory]
    [InlineData("Providers:Circle:ApiKey", "Circle:ApiKey=topsecret")]
    [InlineData("Providers:Circle:ApiKey", "Circle:BaseUrl=https://api.circle.com")]
    [InlineData("Providers:Circle:ApiKey", "Circle:BaseUrl=https://api.circle.com", "Circle:ApiKey=top secret")]
    [InlineData("Providers:Circle:BaseUrl", "Circle:BaseUrl=http://api.circle.com", "Circle:ApiKey=topsecret")]
    [InlineData("Providers:Circle:BaseUrl", "Circle:BaseUrl=api.circle.com", "Circle:ApiKey=topsecret")]
    [InlineData("Providers:Alpaca:Secret", "Alpaca:BaseUrl=https://broker-api.alpaca.markets", "Alpaca:KeyId=CK1")]
    [InlineData("Providers:Alpaca:BaseUrl", "Alpaca:Secret=topsecret")]
    [InlineData("MaximumAge", "MaximumAge=00:00:00")]
    [InlineData("AttemptTimeout", "AttemptTimeout=1.00:00:00")]
    [InlineData("RefreshInterval", "RefreshInterval=00:00:00.5")]
    [InlineData("Providers:RefreshInterval must be shorter than Providers:MaximumAge", "MaximumAge=00:01:00",
        "Circle:BaseUrl=https://api.circle.com", "Circle:ApiKey=top")]
    [InlineData("Providers:Circle:Tolerance", "Circle:Tolerance=-1")]
    public void A_bad_setting_is_named_and_no_secret_is_shown(string named, params string[] settings)
    {
        var refusal = WorkerProcess.Refusal(database, [.. settings.Select(setting =>
        {
            var equals = setting.IndexOf('=', StringComparison.Ordinal);
            return ($"Providers:{setting[..equals]}", setting[(equals + 1)..]);
        })]);

        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refusal.Message, StringComparison.Ordinal);
    }
}
