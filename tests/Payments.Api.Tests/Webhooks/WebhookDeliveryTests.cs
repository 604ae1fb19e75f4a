namespace Payments.Api.Tests.Webhooks;

public sealed class WebhookDeliveryTests : IAsyncLifetime
{
    private readonly ApiFixture _fixture = new();
    private HttpClient _admin = null!;

    public async ValueTask InitializeAsync()
    {
        await _fixture.InitializeAsync();
        _admin = await _fixture.AdminAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await _fixture.DisposeAsync();
    }

    [Fact]
    public async Task A_test_event_goes_to_one_target_whatever_its_filter_and_leaves_a_duty()
    {
        var (target, _) = await _admin.AddTargetAsync("""["reconciliation.exception.resolved"]""");
        await _admin.AddTargetAsync();

        var delivery = await _admin.TestAsync(target);

        var list = await _admin.GetJsonAsync($"{WebhookRequests.Root}/deliveries");
        var one = Assert.Single(list.GetProperty("data").EnumerateArray());
        Assert.Equal(delivery, one.GetProperty("id").GetGuid());
        Assert.Equal(target, one.GetProperty("targetId").GetGuid());
        Assert.Equal(
            ("webhook.test", "pending"),
            (one.GetProperty("eventType").GetString(), one.GetProperty("status").GetString()));
        Assert.Equal([delivery], await _fixture.Database.QueryAsync<Guid>(
            "SELECT (arguments ->> 'deliveryId')::uuid FROM duties WHERE kind = 'webhook.deliver'"));
        var details = await _admin.GetJsonAsync($"{WebhookRequests.Root}/deliveries/{delivery}");
        using var payload = JsonDocument.Parse(details.GetProperty("payload").GetString()!);
        Assert.Equal("admin", payload.RootElement.GetProperty("data").GetProperty("requested_by").GetString());
        Assert.Equal(0, details.GetProperty("attempts").GetArrayLength());
    }

    [Fact]
    public async Task A_target_that_is_disabled_is_not_tested()
    {
        var (target, _) = await _admin.AddTargetAsync();
        (await _admin.SendAsync(HttpMethod.Patch, $"/{target}", """{"enabled": false}""")).Dispose();

        using var refused = await _admin.SendAsync(HttpMethod.Post, $"/{target}/test");

        Assert.Equal("webhook_target_disabled", await refused.CodeAsync());
        Assert.Equal(0, await _fixture.Database.ScalarAsync<long>("SELECT count(*) FROM webhook_events"));
    }

    [Fact]
    public async Task Deliveries_are_listed_by_target_and_status_and_page_by_page()
    {
        var (target, _) = await _admin.AddTargetAsync();
        var (other, _) = await _admin.AddTargetAsync();
        var deliveries = new List<Guid>();
        for (var i = 0; i < 3; i++)
        {
            deliveries.Add(await _admin.TestAsync(target));
        }

        await _admin.TestAsync(other);
        await EndAsync(deliveries[0], "failed");

        var first = await _admin.GetJsonAsync($"{WebhookRequests.Root}/deliveries?targetId={target}&limit=2");
        var rest = await _admin.GetJsonAsync(
            $"{WebhookRequests.Root}/deliveries?targetId={target}&limit=2&starting_after={deliveries[1]}");
        var failed = await _admin.GetJsonAsync($"{WebhookRequests.Root}/deliveries?status=failed");

        Assert.Equal([deliveries[2], deliveries[1]], IdsOf(first));
        Assert.True(first.GetProperty("has_more").GetBoolean());
        Assert.Equal([deliveries[0]], IdsOf(rest));
        Assert.Equal([deliveries[0]], IdsOf(failed));
        using var wrong = await _admin.SendAsync(HttpMethod.Get, "/deliveries?status=lost");
        Assert.Equal("invalid_request", await wrong.CodeAsync());
        using var unknown = await _admin.SendAsync(HttpMethod.Get, $"/deliveries?starting_after={target}");
        Assert.Equal("invalid_cursor", await unknown.CodeAsync());
    }

    [Fact]
    public async Task A_replay_begins_the_delivery_anew_under_the_same_event_and_a_second_request_repeats_the_answer()
    {
        var (target, _) = await _admin.AddTargetAsync();
        var delivery = await _admin.TestAsync(target);
        await EndAsync(delivery, "delivered");
        var key = PaymentRequests.NewKey();

        using var replayed = await _admin.SendAsync(HttpMethod.Post, $"/deliveries/{delivery}/replay", key: key);
        using var repeated = await _admin.SendAsync(HttpMethod.Post, $"/deliveries/{delivery}/replay", key: key);

        Assert.Equal((202, 202), ((int)replayed.StatusCode, (int)repeated.StatusCode));
        var answer = await replayed.ReadAsync();
        Assert.Equal(
            ("pending", 1, 1),
            (answer.GetProperty("status").GetString(), answer.GetProperty("replays").GetInt32(),
                answer.GetProperty("attempts").GetInt32()));
        Assert.Equal([1, 2], await _fixture.Database.QueryAsync<int>(
            "SELECT (arguments ->> 'round')::int FROM duties WHERE kind = 'webhook.deliver' ORDER BY created_at"));
        using var unknown = await _admin.SendAsync(HttpMethod.Post, $"/deliveries/{target}/replay");
        Assert.Equal("webhook_delivery_not_found", await unknown.CodeAsync());
    }

    [Fact]
    public async Task All_that_failed_or_were_cancelled_since_a_time_are_replayed_of_enabled_targets()
    {
        var (target, _) = await _admin.AddTargetAsync();
        var (off, _) = await _admin.AddTargetAsync();
        var (failed, cancelled, delivered, old) = (
            await _admin.TestAsync(target), await _admin.TestAsync(target), await _admin.TestAsync(target),
            await _admin.TestAsync(target));
        var disabled = await _admin.TestAsync(off);
        await EndAsync(failed, "failed");
        await EndAsync(cancelled, "cancelled");
        await EndAsync(delivered, "delivered");
        await EndAsync(old, "failed", "2026-03-01T00:00:00Z");
        await EndAsync(disabled, "failed");
        (await _admin.SendAsync(HttpMethod.Patch, $"/{off}", """{"enabled": false}""")).Dispose();

        using var replayed = await _admin.SendAsync(
            HttpMethod.Post, "/deliveries/replay", """{"since": "2026-03-02"}""");

        var answer = await replayed.ReadAsync();
        Assert.Equal(
            (2, false), (answer.GetProperty("replayed").GetInt32(), answer.GetProperty("hasMore").GetBoolean()));
        Assert.Equal(
            [failed, cancelled],
            await _fixture.Database.QueryAsync<Guid>(
                "SELECT id FROM webhook_deliveries WHERE round = 2 ORDER BY number"));
        foreach (var since in (string[])["yesterday", "0001-01-01"])
        {
            using var wrong = await _admin.SendAsync(
                HttpMethod.Post, "/deliveries/replay", $$"""{"since": "{{since}}"}""");
            Assert.Equal("unprocessable", await wrong.CodeAsync());
        }
    }

    private Task EndAsync(Guid id, string status, string finishedAt = "2026-11-01T00:00:00Z") =>
        _fixture.Database.ExecuteAsync(
            """
            UPDATE webhook_deliveries
            SET status = @status, attempts = 1, round_attempts = 1, finished_at = @finishedAt::timestamptz,
                next_attempt_at = NULL
            WHERE id = @id
            """,
            new { id, status, finishedAt });

    private static List<Guid> IdsOf(JsonElement list) =>
        [.. list.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("id").GetGuid())];
}
