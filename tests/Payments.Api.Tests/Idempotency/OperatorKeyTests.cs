using System.Text;
using Dapper;

namespace Payments.Api.Tests.Idempotency;

/// <summary>The routes of operators and of accounts, which take a key and may go without.</summary>
public sealed class OperatorKeyTests : IAsyncLifetime
{
    private const string Letters = "/api/v1/queue/dead-letters";

    private const string Id = "01a1fcaa-a6b4-729a-879b-9da3d8101381";

    private const string Exceptions = "/api/admin/reconciliation/exceptions/" + Id;

    private const string Adjustments = "/api/admin/reconciliation/adjustments/" + Id;

    private readonly ApiFixture _fixture = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private TestDatabase Database => _fixture.Database;

    private HttpClient Operator { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await _fixture.InitializeAsync();
        await TestKeys.AddAsync(
            Database, "operator", "key-of-the-operator",
            ["payments:read", "payments:write", "queue:admin", "reconciliation:admin"]);
        Operator = _fixture.Api.CreateClient("key-of-the-operator");
    }

    public async ValueTask DisposeAsync()
    {
        Operator.Dispose();
        await _fixture.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_redrive_that_is_repeated_tells_again_what_it_did_and_does_no_more(bool one)
    {
        var id = await BuryAsync();
        var address = one ? $"{Letters}/{id}/redrive" : $"{Letters}/redrive";

        var first = await SendAsync(address, "", "redrive");
        await BuryAsync();
        await BuryAsync(id);
        var again = await SendAsync(address, "", "redrive");

        Assert.Equal("""200 {"redriven":1}""", first);
        Assert.Equal(first + " replayed", again);
        Assert.Equal(2, await Database.ScalarAsync<long>("SELECT count(*) FROM recon_jobs WHERE status = 'dead'"));
    }

    [Fact]
    public async Task A_redrive_of_nothing_leaves_its_key_free()
    {
        var id = Guid.CreateVersion7();
        Assert.StartsWith("404", await SendAsync($"{Letters}/{id}/redrive", "", "early"), StringComparison.Ordinal);
        await BuryAsync(id);

        Assert.Equal("""200 {"redriven":1}""", await SendAsync($"{Letters}/{id}/redrive", "", "early"));
    }

    [Fact]
    public async Task The_key_of_one_redrive_is_not_that_of_another()
    {
        var (one, other) = (await BuryAsync(), await BuryAsync());
        await SendAsync($"{Letters}/{one}/redrive", "", "one");

        Assert.Contains(
            "idempotency_key_reused", await SendAsync($"{Letters}/{other}/redrive", "", "one"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thousand_dead_letters_are_redriven_and_recorded_in_one_transaction()
    {
        var payments = Enumerable.Range(0, 1_203).Select(i => new QueuedPayment($"ACC-{i % 7}", 100)).ToArray();
        await Database.QueueAsync(payments);
        await Database.BuryAsync("no room", [.. payments.Select(payment => payment.Id)]);

        Assert.Equal("""200 {"redriven":1203}""", await SendAsync($"{Letters}/redrive", "", "all"));

        Assert.Equal(
            "1203 1203 1",
            await Database.ScalarAsync<string>("""
                SELECT concat_ws(' ',
                    (SELECT count(*) FROM recon_jobs WHERE status = 'pending'),
                    (SELECT count(*) FROM audit_events WHERE action = 'dead_letter.redriven'),
                    (SELECT count(DISTINCT xmin::text) FROM redrives))
                """));
    }

    [Fact]
    public async Task A_pause_that_arrives_again_after_a_resume_does_not_pause_again()
    {
        var paused = await SendAsync("/api/v1/queue/pause", """{"reason":"month end"}""", "pause");
        Assert.Contains("\"reason\":\"month end\"", paused, StringComparison.Ordinal);
        Assert.StartsWith("200", await SendAsync("/api/v1/queue/resume", "", "resume"), StringComparison.Ordinal);

        var again = await SendAsync("/api/v1/queue/pause", """{"reason":"month end"}""", "pause");

        Assert.Equal(paused + " replayed", again);
        Assert.True(await Database.ScalarAsync<bool>("SELECT paused_at IS NULL FROM queue_control"));
        Assert.Contains(
            "idempotency_key_reused", await SendAsync("/api/v1/queue/pause", """{"reason":"other"}""", "pause"),
            StringComparison.Ordinal);
        Assert.Equal(1, await Database.ScalarAsync<long>(
            "SELECT count(*) FROM audit_events WHERE action = 'queue.paused'"));
    }

    [Fact]
    public async Task An_account_that_is_opened_under_a_key_is_answered_with_the_same_201_again()
    {
        const string Body = """{"accountId":"ACC-KEY","minimumBalance":10.0}""";

        var first = await SendAsync("/accounts", Body, "open");
        var again = await SendAsync("/accounts", """{"minimumBalance":10.00,"accountId":"ACC-KEY"}""", "open");

        Assert.StartsWith("201", first, StringComparison.Ordinal);
        Assert.Equal(first + " replayed", again);
        Assert.Contains(
            "idempotency_key_reused", await SendAsync("/accounts", """{"accountId":"ACC-OTHER"}""", "open"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reconciliation_that_is_asked_for_again_makes_no_second_report_and_another_one_is_refused()
    {
        await SettlingWorker.SettleAsync(Database, new QueuedPayment("ACC-A", 10_000), new QueuedPayment("ACC-B", 1));

        var first = await SendAsync("/api/v1/accounts/ACC-A/reconcile", "", "check");
        var again = await SendAsync("/api/v1/accounts/ACC-A/reconcile?currency=USD", "", "check");

        Assert.StartsWith("201", first, StringComparison.Ordinal);
        Assert.Equal(first + " replayed", again);
        Assert.Equal(1, await Database.ScalarAsync<long>("SELECT count(*) FROM account_reconciliations"));
        foreach (var (account, body) in new[] { ("ACC-B", ""), ("ACC-A", """{"from":"2026-01-01"}""") })
        {
            Assert.Contains(
                "idempotency_key_reused", await SendAsync($"/api/v1/accounts/{account}/reconcile", body, "check"),
                StringComparison.Ordinal);
        }
    }

    // Its snapshot is of before the other's commit, so it cannot read what the key stands for now.
    [Fact]
    public async Task A_reconciliation_whose_key_is_taken_while_it_waits_is_told_to_come_again()
    {
        await SettlingWorker.SettleAsync(Database, new QueuedPayment("ACC-A", 10_000));
        await using var holder = await Database.Superuser.OpenConnectionAsync(Cancel);
        await using var transaction = await holder.BeginTransactionAsync(Cancel);
        await holder.ExecuteAsync("""
            INSERT INTO idempotency_keys (owner_id, route, key, fingerprint, created_at, status, body)
            SELECT id, 'POST /api/v1/accounts/{accountId}/reconcile', 'taken', '\x00', now(), 200, '{}'
            FROM key_owners
            WHERE name = 'operator'
            """);

        await using var patient = ApiServer.Start(
            Database.AppConnectionString, settings: [("Idempotency:KeyWaitMilliseconds", "10000")]);
        using var waiter = patient.CreateClient("key-of-the-operator");
        var waiting = SendAsync("/api/v1/accounts/ACC-A/reconcile", "", "taken", waiter);
        await Database.UntilAsync("""
            SELECT count(*) > 0
            FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event = 'transactionid'
                AND query LIKE '%INSERT INTO idempotency_keys%'
            """);
        await transaction.CommitAsync(Cancel);

        Assert.StartsWith("409", await waiting, StringComparison.Ordinal);
        Assert.Contains(
            "idempotency_key_reused", await SendAsync("/api/v1/accounts/ACC-A/reconcile", "", "taken"),
            StringComparison.Ordinal);
        Assert.Equal(0, await Database.ScalarAsync<long>("SELECT count(*) FROM account_reconciliations"));
    }

    [Fact]
    public async Task A_key_that_is_none_is_refused_by_all_of_them()
    {
        foreach (var address in new[]
        {
            $"{Letters}/redrive", $"{Letters}/{Guid.CreateVersion7()}/redrive", "/api/v1/queue/pause",
            "/api/v1/queue/resume", "/accounts", "/api/v1/accounts", "/api/v1/accounts/ACC-A/reconcile",
            $"{Exceptions}/acknowledge", $"{Exceptions}/assign", $"{Exceptions}/comments", $"{Exceptions}/reopen",
            $"{Exceptions}/adjustments", $"{Adjustments}/approve", $"{Adjustments}/reject", $"{Adjustments}/undo",
        })
        {
            var body = address.Split('/')[^1] switch
            {
                "accounts" => """{"accountId":"ACC-A"}""",
                "comments" => """{"text":"x"}""",
                "adjustments" => """{"reason":"x"}""",
                _ => "",
            };
            Assert.Contains(
                "idempotency_key_invalid", await SendAsync(address, body, "\"unfinished"), StringComparison.Ordinal);
        }
    }

    private async Task<Guid> BuryAsync()
    {
        var id = Guid.CreateVersion7();
        await BuryAsync(id);
        return id;
    }

    private async Task BuryAsync(Guid id)
    {
        if (await Database.ScalarAsync<long>("SELECT count(*) FROM recon_jobs WHERE id = @id", new { id }) == 0)
        {
            await Database.QueueAsync(new QueuedPayment("ACC-DEAD", 700) { Id = id });
        }

        await Database.BuryAsync("no room", id);
    }

    /// <returns>Status and body, and whether it was given before.</returns>
    private async Task<string> SendAsync(string address, string body, string key, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = body.Length == 0 ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        using var response = await (client ?? Operator).SendAsync(request, Cancel);
        var replayed = response.Headers.Contains("Idempotent-Replayed") ? " replayed" : "";
        return $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(Cancel)}{replayed}";
    }
}
