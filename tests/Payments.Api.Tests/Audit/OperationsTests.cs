using System.Net;
using System.Net.Http.Json;

namespace Payments.Api.Tests.Audit;

public sealed class OperationsTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Operator = "key-of-the-operator";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_an_operator_changes_is_recorded_under_the_operator_s_name()
    {
        await TestKeys.AddAsync(
            fixture.Database, "olga", Operator,
            ["payments:read", "payments:write", "queue:admin", "reconciliation:admin", "audit:read"]);
        using var client = fixture.Api.CreateClient(Operator);
        var paid = await client.PayAsync("ACC-OPS", 100);
        await Settlement.CompleteAsync(fixture.Database, paid);
        var queued = await client.PayAsync("ACC-OPS", 5);
        var dead = await client.PayAsync("ACC-OPS", 7);
        await fixture.Database.BuryAsync("given up", dead);

        await PostAsync(client, "/accounts", """{"accountId":"ACC-OPS-2","minimumBalance":1.5}""");
        await PostAsync(client, $"/payments/{paid}/refunds", """{"amount":2.5}""");
        await PostAsync(client, $"/payments/{queued}/cancel");
        await PostAsync(client, $"/api/v1/queue/dead-letters/{dead}/redrive");
        await PostAsync(client, "/api/v1/queue/pause", """{"reason":"month end"}""");
        await PostAsync(client, "/api/v1/queue/resume");
        await PostAsync(client, "/api/v1/accounts/ACC-OPS/reconcile");

        var events = (await client.GetJsonAsync("/api/v1/audit/events")).GetProperty("data").EnumerateArray()
            .Where(audited => audited.GetProperty("actor").GetString() == "olga");
        Assert.Equal(
            [
                "account.reconciled ACC-OPS", "queue.resumed all", "queue.paused all", $"dead_letter.redriven {dead}",
                $"payment.cancelled {queued}", "refund.created", "account.opened ACC-OPS-2",
            ],
            events.Select(audited =>
            {
                var (action, id) = (
                    audited.GetProperty("action").GetString(), audited.GetProperty("objectId").GetString());
                return action == "refund.created" ? action : $"{action} {id}";
            }));
    }

    [Fact]
    public async Task A_redrive_that_found_no_dead_letter_is_recorded_as_refused_and_a_pause_of_no_worker_is_not()
    {
        await TestKeys.AddAsync(
            fixture.Database, "idle", "key-of-the-idle", ["payments:write", "queue:admin", "audit:read"]);
        using var client = fixture.Api.CreateClient("key-of-the-idle");

        using var noWorker = await client.PostAsync(
            "/api/v1/queue/pause", JsonContent.Create(new { workerId = "nobody" }), Cancel);
        using var noLetter = await client.PostAsync(
            $"/api/v1/queue/dead-letters/{Guid.CreateVersion7()}/redrive", content: null, Cancel);

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (noWorker.StatusCode, noLetter.StatusCode));
        var events = (await client.GetJsonAsync("/api/v1/audit/events")).GetProperty("data").EnumerateArray();
        var refused = Assert.Single(events, audited => audited.GetProperty("actor").GetString() == "idle");
        Assert.Equal(
            ("dead_letter.redriven", "refused"),
            (refused.GetProperty("action").GetString(), refused.GetProperty("outcome").GetString()));
    }

    private static async Task PostAsync(HttpClient client, string address, string? body = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", Guid.CreateVersion7().ToString());
        using var response = await client.SendAsync(request, Cancel);
        Assert.True(response.IsSuccessStatusCode, $"{address}: {await response.Content.ReadAsStringAsync(Cancel)}");
    }
}
