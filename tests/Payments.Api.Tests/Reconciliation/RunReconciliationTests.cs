namespace Payments.Api.Tests.Reconciliation;

public sealed class RunReconciliationTests(ReconciledSystem system) : IClassFixture<ReconciledSystem>
{
    private const string Address = "/api/admin/reconciliation/run";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_manual_run_is_accepted_queued_and_followed_at_its_address()
    {
        using var response = await system.Client.PostJsonAsync(Address, """{"run_type":"manual"}""");

        Assert.Equal(202, (int)response.StatusCode);
        var answer = await response.ReadAsync();
        var id = answer.GetProperty("report_id").GetGuid();
        Assert.Equal("manual", answer.GetProperty("run_type").GetString());
        Assert.Equal("pending", answer.GetProperty("status").GetString());
        Assert.Equal($"/api/admin/reconciliation/reports/{id}", response.Headers.Location?.ToString());
        Assert.Equal(response.Headers.Location?.ToString(), answer.GetProperty("url").GetString());
        Assert.Equal("1", response.Headers.RetryAfter?.ToString());

        var report = await system.Client.GetJsonAsync(response.Headers.Location!.ToString());
        Assert.Equal("pending", report.GetProperty("status").GetString());
        Assert.Equal("controller", report.GetProperty("requested_by").GetString());
        Assert.Equal(JsonValueKind.Null, report.GetProperty("slot").ValueKind);
        Assert.Equal(
            $$"""reconciliation.run pending {"runType": "manual", "reportId": "{{id}}"}""",
            await system.Database.ScalarAsync<string>(
                """
                SELECT kind || ' ' || status || ' ' || arguments::text
                FROM duties
                WHERE arguments ->> 'reportId' = @id::text AND name IS NULL
                """,
                new { id }));
        Assert.Equal("controller succeeded manual", await system.Database.ScalarAsync<string>(
            """
            SELECT actor || ' ' || outcome || ' ' || (details ->> 'runType')
            FROM audit_events
            WHERE action = 'reconciliation.requested' AND object_id = @id::text
            """,
            new { id }));
    }

    [Fact]
    public async Task Sent_again_with_its_key_it_is_the_same_run_and_without_one_another()
    {
        var before = await CountAsync();
        var first = await SendAsync("run-1");
        var again = await SendAsync("run-1");
        var other = await SendAsync("run-2");
        var keyless = await SendAsync(key: null);

        Assert.Equal(first.Id, again.Id);
        Assert.True(again.Replayed);
        Assert.False(first.Replayed);
        Assert.Equal(3, new[] { first.Id, other.Id, keyless.Id }.Distinct().Count());
        Assert.Equal(before + 3, await CountAsync());
        Assert.Equal(before + 3, await system.Database.ScalarAsync<long>(
            "SELECT count(*) FROM duties WHERE kind = 'reconciliation.run'"));
    }

    [Theory]
    [InlineData("""{"run_type":"daily"}""", 422, "unprocessable")]
    [InlineData("""{"run_type":"weekly"}""", 422, "unprocessable")]
    [InlineData("""{"run_type":7}""", 400, "invalid_request")]
    [InlineData("""{"runType":"manual"}""", 400, "invalid_request")]
    [InlineData("""{"run_type":"manual",""", 400, "invalid_json")]
    public async Task What_is_no_manual_run_is_refused_and_queues_nothing(string body, int status, string code)
    {
        var before = await CountAsync();

        using var response = await system.Client.PostJsonAsync(Address, body);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(code, await response.CodeAsync());
        Assert.Equal(before, await CountAsync());
    }

    [Theory]
    [InlineData("reports")]
    [InlineData("reports/01a1fcaa-a6b4-729a-879b-9da3d8101381")]
    [InlineData("checks")]
    [InlineData("checks/deposits/trend")]
    public async Task Payments_read_does_not_open_the_desk(string path)
    {
        await TestKeys.AddAsync(system.Database, "reader", "key-of-a-reader", ["payments:read", "payments:write"]);
        using var reader = system.Api.CreateClient("key-of-a-reader");

        using var response = await reader.GetAsync("/api/admin/reconciliation/" + path, Cancel);

        Assert.Equal(403, (int)response.StatusCode);
    }

    private async Task<(Guid Id, bool Replayed)> SendAsync(string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Address);
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var response = await system.Client.SendAsync(request, Cancel);
        Assert.Equal(202, (int)response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        var id = (await response.ReadAsync()).GetProperty("report_id").GetGuid();
        return (id, response.Headers.Contains("Idempotent-Replayed"));
    }

    private Task<long> CountAsync() =>
        system.Database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_reports");
}
