using Payments.Ledger.Webhooks;

namespace Payments.Ledger.Tests.Webhooks;

public sealed class WebhookSignatureTests
{
    [Fact]
    public void The_published_example_of_the_standard_is_signed_as_published()
    {
        Assert.True(WebhookSecret.TryParse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", out var secret));

        var signature = WebhookSignature.Of(
            "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, """{"test": 2432232314}"""u8, [secret]);

        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature);
    }

    [Theory]
    [InlineData(23, false)]
    [InlineData(24, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void A_secret_has_24_to_64_bytes(int bytes, bool good)
    {
        Assert.Equal(good, WebhookSecret.TryParse(WebhookSecret.Show(new byte[bytes]), out var secret));
        Assert.Equal(good ? bytes : 0, secret.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("whsec_")]
    [InlineData("whsec_not base64 at all")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    public void What_is_no_secret_is_refused(string text) => Assert.False(WebhookSecret.TryParse(text, out _));

    [Fact]
    public void Generated_secrets_can_be_read_back_and_differ()
    {
        var secret = WebhookSecret.Generate();

        Assert.True(WebhookSecret.TryParse(WebhookSecret.Show(secret), out var read));
        Assert.Equal(secret, read);
        Assert.NotEqual(secret, WebhookSecret.Generate());
    }
}
