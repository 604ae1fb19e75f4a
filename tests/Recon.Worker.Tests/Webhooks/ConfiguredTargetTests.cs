using Payments.Testing;

namespace Recon.Worker.Tests.Webhooks;

/// <summary>The worker's own Program with its loop, and the target that its settings name.</summary>
public sealed class ConfiguredTargetTests : IAsyncLifetime
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Other = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3";

    private readonly TestDatabase _database = new();
    private Receiver _receiver = null!;
    private TestWebhooks _webhooks = null!;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        _receiver = await Receiver.StartAsync();
        _webhooks = new TestWebhooks(_database);
    }

    public async ValueTask DisposeAsync()
    {
        await _webhooks.DisposeAsync();
        await _receiver.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task An_event_that_was_committed_before_a_worker_came_up_is_sent_when_one_does()
    {
        var (_, secret) = await _webhooks.AddTargetAsync(_receiver.Url);
        await _webhooks.TellAsync(TestWebhooks.NewEvent());

        await using var worker = Start(("Duties:PollSeconds", "60"));

        Assert.True((await _receiver.NextAsync()).IsSignedWith(secret));
        await _webhooks.TellAsync(TestWebhooks.NewEvent());
        await _receiver.NextAsync();
        await _database.UntilAsync("SELECT count(*) = 2 FROM webhook_deliveries WHERE status = 'delivered'");
    }

    [Fact]
    public async Task It_is_made_once_however_many_workers_start_and_follows_its_settings()
    {
        await using (var first = StartWith(Secret))
        await using (var second = StartWith(Secret))
        {
            await SeededAsync(1);
            await _webhooks.TellAsync(TestWebhooks.NewEvent());
            Assert.True((await _receiver.NextAsync()).IsSignedWith(Secret));

            // Else a worker that is stopped before it wrote that down leaves the event to be sent once more.
            await _database.UntilAsync("SELECT count(*) = 1 FROM webhook_deliveries WHERE status = 'delivered'");
        }

        await using (var third = StartWith(Other))
        {
            await _database.UntilAsync("SELECT count(*) = 2 FROM webhook_secrets");
            await _webhooks.TellAsync(TestWebhooks.NewEvent());
            var received = await _receiver.NextAsync();
            Assert.Equal((1, true), (received.Signatures, received.IsSignedWith(Other)));
        }

        await using (var fourth = Start())
        {
            await SeededAsync(0);
        }

        Assert.Equal(1, await _database.ScalarAsync<long>("SELECT count(*) FROM webhook_targets"));
        Assert.Equal(0, await _webhooks.TellAsync(TestWebhooks.NewEvent()));
    }

    [Fact]
    public async Task Its_secret_is_kept_anew_when_the_key_that_encrypted_it_was_replaced()
    {
        await using (var first = StartWith(Secret, KeyOf(1)))
        {
            await _database.UntilAsync("SELECT count(*) = 1 FROM webhook_secrets");
        }

        await using (var second = StartWith(Secret, KeyOf(2)))
        {
            await _database.UntilAsync("SELECT count(*) = 2 FROM webhook_secrets");
            await _webhooks.TellAsync(TestWebhooks.NewEvent());
            var received = await _receiver.NextAsync();
            Assert.Equal((1, true), (received.Signatures, received.IsSignedWith(Secret)));
        }
    }

    [Theory]
    [InlineData("https://hooks.example.com/", null, "openssl rand")]
    [InlineData("https://hooks.example.com/", "secret", "must be whsec_")]
    [InlineData("http://hooks.example.com/", Secret, "must be https")]
    [InlineData("https://10.0.0.1/", Secret, "private")]
    [InlineData("https://hooks.example.com/", Secret, "Webhooks:EncryptionKey, which encrypts its secret, is not")]
    public void A_worker_with_a_target_that_it_could_not_serve_does_not_come_up(
        string url, string? secret, string complaint)
    {
        var refusal = WorkerProcess.Refusal(
            _database, ("RECONCILIATION_ALERT_WEBHOOK_URL", url),
            ("RECONCILIATION_ALERT_WEBHOOK_SECRET", secret ?? ""));

        Assert.Contains(complaint, refusal.Message, StringComparison.Ordinal);
    }

    private WorkerProcess StartWith(string secret, string encryptionKey = "") => Start(
        ("RECONCILIATION_ALERT_WEBHOOK_URL", _receiver.Url), ("Reconciliation:AlertWebhookSecret", secret),
        ("Webhooks:EncryptionKey", encryptionKey));

    private static string KeyOf(byte first) => Convert.ToBase64String([first, .. new byte[31]]);

    private WorkerProcess Start(params (string, string)[] settings)
    {
        var worker = new WorkerProcess(
            _database,
            [
                ("environment", "Development"), ("Management:Port", "0"), ("Logging:LogLevel:Default", "None"),
                .. settings,
            ]);
        worker.CreateClient();
        return worker;
    }

    private Task SeededAsync(int targets) => _database.UntilAsync(
        "SELECT count(*) = @targets FROM webhook_targets WHERE origin = 'configuration' AND deleted_at IS NULL",
        new { targets });
}
