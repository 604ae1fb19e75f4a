using Payments.Ledger.Webhooks;
using Payments.Testing;

namespace Recon.Worker.Tests.Webhooks;

public sealed class DeliverWebhookTests : IAsyncLifetime
{
    private readonly TestDatabase _database = new();
    private Receiver _receiver = null!;
    private TestWebhooks _worker = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        _receiver = await Receiver.StartAsync();
        _worker = new TestWebhooks(_database);
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.DisposeAsync();
        await _receiver.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task An_event_is_sent_once_signed_and_byte_for_byte_as_it_was_written()
    {
        var (_, secret) = await _worker.AddTargetAsync(_receiver.Url);
        var told = TestWebhooks.NewEvent();

        Assert.Equal(1, await _worker.TellAsync(told));
        await _worker.RunAllAsync();

        var received = Assert.Single(_receiver.All);
        Assert.Equal(told.Id, received.Id);
        Assert.Equal(told.Payload(), received.Body);
        Assert.Equal("application/json", received.Headers["Content-Type"]);
        Assert.True(received.IsSignedWith(secret));
        Assert.False(received.Headers.ContainsKey("traceparent"));
        Assert.Equal(["delivered 1"], await _worker.StatusesAsync());
        Assert.Equal([204], await _database.QueryAsync<int>("SELECT status_code FROM webhook_attempts"));
        Assert.Equal("completed", await _database.ScalarAsync<string>("SELECT status FROM duties"));
    }

    [Fact]
    public async Task An_event_of_a_transaction_that_is_rolled_back_is_told_to_nobody()
    {
        await _worker.AddTargetAsync(_receiver.Url);

        await _worker.TellAsync(TestWebhooks.NewEvent(), commit: false);
        await _worker.RunAllAsync();

        Assert.Empty(_receiver.All);
        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM webhook_events"));
        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM duties"));
    }

    [Fact]
    public async Task Targets_that_are_enabled_and_want_the_type_are_told_and_no_others()
    {
        await using var other = await Receiver.StartAsync();
        await _worker.AddTargetAsync(_receiver.Url, WebhookEventType.ExceptionResolved);
        var (disabled, _) = await _worker.AddTargetAsync(other.Url);
        await _database.ExecuteAsync(
            """
            UPDATE webhook_targets SET enabled = false, disabled_at = now(), disabled_reason = 'x'
            WHERE id = @disabled
            """,
            new { disabled });

        Assert.Equal(0, await _worker.TellAsync(TestWebhooks.NewEvent()));
        Assert.Equal(1, await _worker.TellAsync(TestWebhooks.NewEvent(WebhookEventType.ExceptionResolved)));
        await _worker.RunAllAsync();

        Assert.Single(_receiver.All);
        Assert.Empty(other.All);
    }

    [Fact]
    public async Task An_event_whose_worker_died_before_it_was_sent_is_sent_by_another()
    {
        await _worker.AddTargetAsync(_receiver.Url);
        await _worker.TellAsync(TestWebhooks.NewEvent());
        Assert.NotNull(await _worker.ClaimAsync());
        await using var second = new TestWebhooks(_database);

        await second.RunAllAsync();
        Assert.Empty(_receiver.All);
        await _worker.PassTimeAsync();
        await second.RunAllAsync();

        Assert.Single(_receiver.All);
        Assert.Equal(["delivered 1"], await _worker.StatusesAsync());
    }

    [Fact]
    public async Task A_worker_that_lost_the_delivery_while_it_sent_records_nothing_and_it_is_sent_again_under_its_id()
    {
        await _worker.AddTargetAsync(_receiver.Url);
        await _worker.TellAsync(TestWebhooks.NewEvent());
        _receiver.Answer = _ => _worker.PassTimeAsync();

        await _worker.RunOneAsync();
        Assert.Equal(["pending 0"], await _worker.StatusesAsync());
        _receiver.Answer = context => Receiver.Status(context, 200);
        await _worker.RunAllAsync();

        Assert.Equal(2, _receiver.All.Count);
        Assert.Single(_receiver.All.Select(received => received.Id).Distinct());
        Assert.Equal(["delivered 1"], await _worker.StatusesAsync());
    }

    [Fact]
    public async Task Two_workers_send_each_event_once()
    {
        await _worker.AddTargetAsync(_receiver.Url);
        for (var i = 0; i < 20; i++)
        {
            await _worker.TellAsync(TestWebhooks.NewEvent());
        }

        await using var second = new TestWebhooks(_database);
        await Task.WhenAll(_worker.RunAllAsync(), second.RunAllAsync());

        Assert.Equal(20, _receiver.All.Count);
        Assert.Equal(20, _receiver.All.Select(received => received.Id).Distinct().Count());
    }

    [Fact]
    public async Task A_slow_target_holds_up_nobody_else()
    {
        await using var slow = await Receiver.StartAsync();
        var free = new TaskCompletionSource();
        slow.Answer = _ => free.Task;
        await _worker.AddTargetAsync(slow.Url, WebhookEventType.ExceptionOpened);
        await _worker.AddTargetAsync(_receiver.Url, WebhookEventType.ExceptionResolved);
        for (var i = 0; i < 3; i++)
        {
            await _worker.TellAsync(TestWebhooks.NewEvent());
        }

        var (first, second) = (_worker.RunOneAsync(), _worker.RunOneAsync());
        await slow.NextAsync();
        await slow.NextAsync();
        await _worker.TellAsync(TestWebhooks.NewEvent(WebhookEventType.ExceptionResolved));

        // The third of the slow target is put back, and the other target's turn comes.
        await _worker.RunOneAsync();
        await _worker.RunOneAsync();

        Assert.Single(_receiver.All);
        Assert.Equal(2, slow.All.Count);
        free.SetResult();
        await Task.WhenAll(first, second);
        await _worker.PassTimeAsync();
        await _worker.RunAllAsync();
        Assert.Equal(3, slow.All.Count);
        Assert.Equal(
            ["delivered 1", "delivered 1", "delivered 1", "delivered 1"], await _worker.StatusesAsync());
    }

    [Fact]
    public async Task After_a_rotation_both_secrets_sign_until_the_overlap_ends()
    {
        var (target, old) = await _worker.AddTargetAsync(_receiver.Url);
        var next = await _worker.AddSecretAsync(target, TimeSpan.FromHours(1));

        await _worker.TellAsync(TestWebhooks.NewEvent());
        await _worker.RunAllAsync();
        var during = _receiver.All.Last();
        await _database.ExecuteAsync(
            "UPDATE webhook_secrets SET expires_at = now() - interval '1 second' WHERE expires_at IS NOT NULL");
        await _worker.TellAsync(TestWebhooks.NewEvent());
        await _worker.RunAllAsync();
        var after = _receiver.All.Last();

        Assert.Equal((2, true, true), (during.Signatures, during.IsSignedWith(old), during.IsSignedWith(next)));
        Assert.Equal((1, false, true), (after.Signatures, after.IsSignedWith(old), after.IsSignedWith(next)));
    }

    [Fact]
    public async Task With_an_encryption_key_secrets_are_not_in_the_database_and_sign_all_the_same()
    {
        var key = Convert.ToBase64String(new byte[32]);
        var other = Convert.ToBase64String([.. Enumerable.Repeat((byte)1, 32)]);
        await using var worker = new TestWebhooks(_database, options => options.EncryptionKey = key);
        await using var rotated = new TestWebhooks(_database, options => options.EncryptionKey = $"{other},{key}");
        var (_, secret) = await worker.AddTargetAsync(_receiver.Url);
        var kept = await _database.ScalarAsync<byte[]>("SELECT secret FROM webhook_secrets");

        await worker.TellAsync(TestWebhooks.NewEvent());
        await rotated.RunAllAsync();

        Assert.True(_receiver.All.Single().IsSignedWith(secret));
        Assert.DoesNotContain(
            Convert.ToHexString(Convert.FromBase64String(secret["whsec_".Length..])), Convert.ToHexString(kept),
            StringComparison.Ordinal);
        await using var connection = await _database.App.OpenConnectionAsync(Cancel);
        var target = await _database.ScalarAsync<Guid>("SELECT id FROM webhook_targets");
        await Assert.ThrowsAsync<System.Security.Cryptography.CryptographicException>(
            () => _worker.Vault.ReadAsync(connection, target, Cancel));
    }
}
