using System.Net.Http.Headers;
using System.Text;
using Npgsql;

namespace Payments.Api.Tests.Queue;

public sealed class PauseQueueTests(ApiFixture fixture) : IClassFixture<ApiFixture>, IAsyncLifetime
{

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private HttpClient Operator { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        // As it is at first.
        await fixture.Database.ExecuteAsync("""
            DELETE FROM workers;
            UPDATE queue_control SET paused_at = NULL, paused_by = NULL, pause_reason = NULL
            """);
        await TestKeys.AddAsync(
            fixture.Database, "operator", "key-of-the-operator", ["payments:read", "payments:write", "queue:admin"]);
        Operator = fixture.Api.CreateClient("key-of-the-operator");
    }

    public ValueTask DisposeAsync()
    {
        Operator.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_paused_queue_accepts_payments_says_who_paused_it_and_settles_when_it_is_resumed()
    {
        await using var worker = SettlingWorker.Start(fixture.Database);
        await fixture.Database.UntilAsync("SELECT count(*) = 1 FROM workers");

        var paused = await PostAsync("pause", """{"reason":"month end"}""");
        Assert.Equal("month end operator True", Pause(paused));
        await fixture.Database.UntilAsync("SELECT paused_since IS NOT NULL FROM workers");
        var id = await Operator.PayAsync("ACC-PAUSED", 5);
        var stats = await Operator.GetJsonAsync("/api/v1/queue/stats");
        Assert.Equal("paused", stats.GetProperty("workers")[0].GetProperty("state").GetString());
        Assert.Equal("month end operator True", Pause(stats));

        var again = await PostAsync("pause", """{"reason":"another"}""");
        Assert.Equal("month end operator True", Pause(again));

        var resumed = await PostAsync("resume", "");
        Assert.Equal("  False", Pause(resumed));
        await fixture.Database.UntilAsync("SELECT status = 'completed' FROM payments WHERE id = @id", new { id });
    }

    [Fact]
    public async Task One_worker_is_paused_and_resumed_by_its_id()
    {
        await using var worker = SettlingWorker.Start(fixture.Database);
        await fixture.Database.UntilAsync("SELECT count(*) = 1 FROM workers");
        var workerId = await fixture.Database.ScalarAsync<string>("SELECT id FROM workers");

        var pausing = await PostAsync("pause", JsonSerializer.Serialize(new { workerId }));
        Assert.Equal("  False", Pause(pausing));
        Assert.Equal("operator", pausing.GetProperty("workers")[0].GetProperty("pauseAskedBy").GetString());
        await fixture.Database.UntilAsync("SELECT paused_since IS NOT NULL FROM workers");

        var running = await PostAsync("resume", JsonSerializer.Serialize(new { workerId }));
        Assert.Equal(JsonValueKind.Null, running.GetProperty("workers")[0].GetProperty("pauseAskedAt").ValueKind);
        await fixture.Database.UntilAsync("SELECT paused_since IS NULL FROM workers");
    }

    [Fact]
    public async Task Workers_and_screens_are_told_at_once()
    {
        await using var connection = await fixture.Database.App.OpenConnectionAsync(Cancel);
        await using (var listen = new NpgsqlCommand("LISTEN queue_control; LISTEN payments_changed", connection))
        {
            await listen.ExecuteNonQueryAsync(Cancel);
        }

        var heard = new List<string>();
        connection.Notification += (_, told) => heard.Add(told.Channel);
        await PostAsync("pause", "{}");
        while (heard.Count < 2)
        {
            Assert.True(await connection.WaitAsync(TimeSpan.FromMinutes(1), Cancel));
        }

        Assert.Equal(["payments_changed", "queue_control"], heard.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{"workerId":"nobody"}""", 404, "worker_not_found")]
    [InlineData("""{"workerId":""}""", 422, "unprocessable")]
    [InlineData("""{"reason":"\u0000"}""", 422, "unprocessable")]
    [InlineData("""{"workerId":7}""", 400, "invalid_request")]
    [InlineData("""{"worker":"x"}""", 400, "invalid_request")]
    [InlineData("""{"reason":"a","reason":"b"}""", 400, "invalid_request")]
    [InlineData("[]", 400, "invalid_request")]
    [InlineData("""{"reason":""", 400, "invalid_json")]
    [InlineData("{} {}", 400, "invalid_json")]
    [InlineData("""{"reason":"\ud800"}""", 400, "invalid_json")]
    public async Task A_request_that_is_not_understood_pauses_nothing(string body, int status, string code)
    {
        using var response = await SendAsync("pause", body);

        Assert.Equal((status, code), ((int)response.StatusCode, await response.CodeAsync()));
        Assert.False(await fixture.Database.ScalarAsync<bool>("SELECT paused_at IS NOT NULL FROM queue_control"));
    }

    [Fact]
    public async Task A_body_that_is_not_json_is_415()
    {
        using var response = await SendAsync("pause", "{}", "text/plain");

        Assert.Equal((415, "unsupported_media_type"), ((int)response.StatusCode, await response.CodeAsync()));
    }

    private async Task<JsonElement> PostAsync(string route, string body)
    {
        using var response = await SendAsync(route, body);
        Assert.Equal(200, (int)response.StatusCode);
        return await response.ReadAsync();
    }

    private Task<HttpResponseMessage> SendAsync(string route, string body, string contentType = "application/json")
    {
        var content = new StringContent(body, Encoding.UTF8);
        content.Headers.ContentType = body.Length == 0 ? null : MediaTypeHeaderValue.Parse(contentType);
        return Operator.PostAsync("/api/v1/queue/" + route, content, Cancel);
    }

    private static string Pause(JsonElement answer)
    {
        var pause = answer.GetProperty("pause");
        return $"{pause.GetProperty("reason")} {pause.GetProperty("pausedBy")} "
            + pause.GetProperty("paused").GetBoolean();
    }
}
