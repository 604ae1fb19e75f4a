using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Payments.Ledger.Webhooks;
using Payments.Testing;

namespace Recon.Worker.Tests.Webhooks;

public sealed class FailedDeliveryTests : IAsyncLifetime
{
    // Seconds after each attempt, as published.
    private static readonly double[] Schedule = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

    private readonly TestDatabase _database = new();
    private Receiver _receiver = null!;
    private TestWebhooks _worker = null!;

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
    public async Task It_is_tried_by_the_schedule_and_a_target_that_nothing_reached_is_disabled_and_told_of()
    {
        await using var watcher = await Receiver.StartAsync();
        _receiver.Answer = context => Receiver.Status(context, 500);
        var (target, _) = await _worker.AddTargetAsync(_receiver.Url, WebhookEventType.ExceptionOpened);
        await _worker.AddTargetAsync(watcher.Url, WebhookEventType.TargetDisabled);
        await _worker.TellAsync(TestWebhooks.NewEvent());

        foreach (var seconds in Schedule)
        {
            await _worker.RunAllAsync();
            var waits = await _database.QueryAsync<double>("""
                SELECT extract(epoch FROM next_attempt_at - clock_timestamp())::float8 FROM webhook_deliveries
                WHERE status = 'pending'
                UNION ALL
                SELECT extract(epoch FROM available_at - clock_timestamp())::float8 FROM duties
                WHERE status = 'pending'
                """);
            Assert.Equal(2, waits.Count);
            Assert.All(waits, wait => Assert.InRange(wait, seconds - 3, seconds * 1.1));
            await _worker.PassTimeAsync();
        }

        await _worker.RunAllAsync();

        Assert.Equal(10, _receiver.All.Count);
        Assert.Single(_receiver.All.Select(received => received.Id).Distinct());
        Assert.Equal(["failed 10", "delivered 1"], await _worker.StatusesAsync());
        Assert.StartsWith(
            "No delivery succeeded since ",
            await _database.ScalarAsync<string>("SELECT disabled_reason FROM webhook_targets WHERE id = @target",
                new { target }),
            StringComparison.Ordinal);
        using var told = JsonDocument.Parse(watcher.All.Single().Body);
        Assert.Equal(target, told.RootElement.GetProperty("data").GetProperty("target_id").GetGuid());
        Assert.Equal(["Recon.Worker webhook_target.disabled"], await _database.QueryAsync<string>(
            "SELECT actor || ' ' || action FROM audit_events"));
    }

    [Fact]
    public async Task A_target_that_got_something_meanwhile_stays_enabled_when_one_delivery_fails()
    {
        var target = await AddBeforeLastAttemptAsync();
        _receiver.Answer = context => Receiver.Status(context, 400);

        await _worker.RunAllAsync();

        Assert.Equal(["failed 10"], await _worker.StatusesAsync());
        Assert.True(await _database.ScalarAsync<bool>(
            "SELECT enabled FROM webhook_targets WHERE id = @target", new { target }));
    }

    [Fact]
    public async Task A_target_that_got_something_meanwhile_stays_enabled_when_the_last_attempt_is_replayed_under_way()
    {
        var target = await AddBeforeLastAttemptAsync();
        _receiver.Answer = async context =>
        {
            await _database.ExecuteAsync("""
                UPDATE webhook_deliveries
                SET round = round + 1, round_attempts = 0, round_started_at = clock_timestamp()
                """);
            await Receiver.Status(context, 400);
        };

        await _worker.RunAllAsync();

        Assert.Equal(["pending 10"], await _worker.StatusesAsync());
        Assert.True(await _database.ScalarAsync<bool>(
            "SELECT enabled FROM webhook_targets WHERE id = @target", new { target }));
    }

    [Fact]
    public async Task A_target_that_is_gone_is_disabled_at_once_and_what_waits_for_it_is_cancelled()
    {
        await _worker.AddTargetAsync(_receiver.Url);
        _receiver.Answer = context => Receiver.Status(context, 410);
        await _worker.TellAsync(TestWebhooks.NewEvent());
        await _worker.TellAsync(TestWebhooks.NewEvent());

        await _worker.RunAllAsync();

        Assert.Single(_receiver.All);
        Assert.Equal(["cancelled 0", "failed 1"], (await _worker.StatusesAsync()).Order(StringComparer.Ordinal));
        Assert.Equal(
            "It answered 410 Gone.",
            await _database.ScalarAsync<string>("SELECT disabled_reason FROM webhook_targets"));
        Assert.Equal(0, await _worker.TellAsync(TestWebhooks.NewEvent()));
    }

    [Fact]
    public async Task A_target_that_asks_for_a_pause_is_left_alone_until_its_end()
    {
        await _worker.AddTargetAsync(_receiver.Url);
        _receiver.Answer = context =>
        {
            context.Response.Headers.RetryAfter = "120";
            return Receiver.Status(context, 429);
        };
        await _worker.TellAsync(TestWebhooks.NewEvent());
        await _worker.TellAsync(TestWebhooks.NewEvent());

        await _worker.RunAllAsync();

        Assert.Single(_receiver.All);
        Assert.All(
            await _database.QueryAsync<double>(
                "SELECT extract(epoch FROM available_at - clock_timestamp())::float8 FROM duties"),
            wait => Assert.InRange(wait, 110, 146));
        _receiver.Answer = context => Receiver.Status(context, 200);
        await _worker.PassTimeAsync();
        await _worker.RunAllAsync();
        Assert.Equal(["delivered 1", "delivered 2"], (await _worker.StatusesAsync()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_redirect_is_a_failure_and_is_not_followed()
    {
        await using var elsewhere = await Receiver.StartAsync();
        await _worker.AddTargetAsync(_receiver.Url);
        _receiver.Answer = context =>
        {
            context.Response.Headers.Location = elsewhere.Url;
            return Receiver.Status(context, 307);
        };

        await _worker.TellAsync(TestWebhooks.NewEvent());
        await _worker.RunAllAsync();

        Assert.Empty(elsewhere.All);
        Assert.Equal(["pending 1"], await _worker.StatusesAsync());
        Assert.Equal("The answer was 307.", await ErrorAsync());
    }

    [Fact]
    public async Task Of_an_endless_answer_the_beginning_is_kept_and_the_status_counts()
    {
        await _worker.AddTargetAsync(_receiver.Url);
        _receiver.Answer = async context =>
        {
            var part = "a\0b"u8.ToArray().Concat(Enumerable.Repeat((byte)'x', 8_000)).ToArray();
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(part, context.RequestAborted);
            }
        };

        await _worker.TellAsync(TestWebhooks.NewEvent());
        await _worker.RunAllAsync();

        var kept = await _database.ScalarAsync<string>("SELECT answer FROM webhook_attempts");
        Assert.StartsWith("abxxx", kept, StringComparison.Ordinal);
        Assert.InRange(kept.Length, 1_000, 1_024);
        Assert.Equal(["delivered 1"], await _worker.StatusesAsync());
    }

    [Fact]
    public async Task A_target_that_does_not_answer_in_time_is_tried_again()
    {
        var free = new TaskCompletionSource();
        _receiver.Answer = _ => free.Task;
        await using var worker = new TestWebhooks(_database, options => options.TimeoutSeconds = 0.2);
        await worker.AddTargetAsync(_receiver.Url);

        await worker.TellAsync(TestWebhooks.NewEvent());
        await worker.RunAllAsync();
        free.SetResult();

        Assert.Equal(["pending 1"], await worker.StatusesAsync());
        Assert.Equal("No answer within 0.2 seconds.", await ErrorAsync());
    }

    [Fact]
    public async Task A_target_that_says_ok_and_never_ends_its_answer_has_got_the_message()
    {
        var free = new TaskCompletionSource();
        _receiver.Answer = async context =>
        {
            await context.Response.WriteAsync("thanks");
            await context.Response.Body.FlushAsync();
            await free.Task;
        };
        await using var worker = new TestWebhooks(_database, options => options.TimeoutSeconds = 0.2);
        await worker.AddTargetAsync(_receiver.Url);

        await worker.TellAsync(TestWebhooks.NewEvent());
        await worker.RunAllAsync();
        free.SetResult();

        Assert.Equal(["delivered 1"], await worker.StatusesAsync());
        Assert.Equal("thanks", await _database.ScalarAsync<string>("SELECT answer FROM webhook_attempts"));
    }

    [Fact]
    public async Task A_target_that_cannot_be_connected_to_is_tried_again()
    {
        await _worker.AddTargetAsync("http://127.0.0.1:1/alerts");

        await _worker.TellAsync(TestWebhooks.NewEvent());
        await _worker.RunAllAsync();

        Assert.Equal(["pending 1"], await _worker.StatusesAsync());
        Assert.StartsWith("No connection: ", await ErrorAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_leads_to_a_private_address_is_not_connected_to_even_when_another_is_public()
    {
        IPAddress[] addresses = [IPAddress.Loopback];
        await using var worker = new TestWebhooks(
            _database, allowLoopback: false, resolve: (_, _) => Task.FromResult(addresses));
        var url = new UriBuilder(_receiver.Url) { Host = "hooks.example" }.Uri.ToString();
        await worker.AddTargetAsync(url);
        await worker.TellAsync(TestWebhooks.NewEvent());

        await worker.RunAllAsync();
        addresses = [IPAddress.Parse("93.184.216.34"), IPAddress.Loopback];
        await worker.PassTimeAsync();
        await worker.RunAllAsync();

        Assert.Empty(_receiver.All);
        Assert.Equal(["pending 2"], await worker.StatusesAsync());
        Assert.Equal(
            ["No connection: The name leads to a private, local or reserved address, or to none."],
            await _database.QueryAsync<string>("SELECT DISTINCT error FROM webhook_attempts"));
    }

    [Fact]
    public async Task The_connection_goes_to_the_address_that_was_looked_at()
    {
        var asked = 0;
        await using var worker = new TestWebhooks(
            _database,
            resolve: (_, _) => Task.FromResult<IPAddress[]>(
                [++asked == 1 ? IPAddress.Loopback : IPAddress.Parse("10.0.0.1")]));
        await worker.AddTargetAsync(new UriBuilder(_receiver.Url) { Host = "hooks.example" }.Uri.ToString());

        await worker.TellAsync(TestWebhooks.NewEvent());
        await worker.RunAllAsync();

        Assert.Equal(1, asked);
        Assert.StartsWith("hooks.example", _receiver.All.Single().Headers["Host"], StringComparison.Ordinal);
    }

    // Its target got something since the delivery began.
    private async Task<Guid> AddBeforeLastAttemptAsync()
    {
        var (target, _) = await _worker.AddTargetAsync(_receiver.Url);
        await _worker.TellAsync(TestWebhooks.NewEvent());
        await _database.ExecuteAsync("""
            WITH delivery AS (UPDATE webhook_deliveries SET attempts = 9, round_attempts = 9)
            UPDATE webhook_targets SET last_success_at = now()
            """);
        return target;
    }

    private async Task<string> ErrorAsync() =>
        await _database.ScalarAsync<string>("SELECT last_error FROM webhook_deliveries");
}
