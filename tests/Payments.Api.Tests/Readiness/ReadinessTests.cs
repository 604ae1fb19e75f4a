using Npgsql;

namespace Payments.Api.Tests.Readiness;

public sealed class ReadinessTests : IAsyncLifetime
{
    private readonly ApiFixture _fixture = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _fixture.InitializeAsync();
        await _fixture.Database.ExecuteAsync("INSERT INTO workers (id) VALUES ('alive')");
    }

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task A_system_in_which_a_payment_would_be_settled_is_ready()
    {
        var (status, answer) = await ReadyAsync();

        Assert.Equal((200, "ready", "[]"), (status, answer.GetProperty("status").GetString(), NotReady(answer)));
        Assert.Equal(
            $$$"""
            {"database":{"status":"ok"},"schema":{"status":"ok","version":{{{Ledger.Migrations.Migrator.Version}}}},
            "queue":{"status":"ok","oldestReadyAgeSeconds":null},"workers":{"status":"ok","alive":1}}
            """.ReplaceLineEndings(""),
            answer.GetProperty("components").GetRawText());
    }

    [Theory]
    [InlineData("UPDATE workers SET seen_at = now() - interval '31 seconds'", "workers", "silent")]
    [InlineData("DELETE FROM workers", "workers", "silent")]
    [InlineData("DELETE FROM schema_migrations WHERE number = (SELECT max(number) FROM schema_migrations)",
        "schema", "outdated")]
    public async Task What_is_missing_is_named_with_503(string sql, string component, string says)
    {
        await _fixture.Database.ExecuteAsync(sql);

        var (status, answer) = await ReadyAsync();

        Assert.Equal((503, "not_ready", $"[\"{component}\"]"),
            (status, answer.GetProperty("status").GetString(), NotReady(answer)));
        Assert.Equal(
            says, answer.GetProperty("components").GetProperty(component).GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("299 seconds", 200, "ok")]
    [InlineData("301 seconds", 503, "stalled")]
    public async Task A_queue_whose_oldest_job_waits_too_long_is_not_ready(string age, int expected, string says)
    {
        await _fixture.Database.QueueAsync(new QueuedPayment("ACC-YOUNG", 1), new QueuedPayment("ACC-OLD", 2));
        await _fixture.Database.ExecuteAsync(
            "UPDATE recon_jobs SET available_at = now() - @age::interval WHERE amount = 2", new { age });

        var (status, answer) = await ReadyAsync();

        Assert.Equal(
            (expected, says),
            (status, answer.GetProperty("components").GetProperty("queue").GetProperty("status").GetString()));
    }

    [Fact]
    public async Task A_queue_that_is_paused_on_purpose_is_no_fault()
    {
        await _fixture.Database.QueueAsync(new QueuedPayment("ACC-OLD", 2));
        await _fixture.Database.ExecuteAsync("""
            UPDATE recon_jobs SET available_at = now() - interval '1 hour';
            UPDATE queue_control SET paused_at = now(), paused_by = 'tester'
            """);

        var (status, answer) = await ReadyAsync();

        Assert.Equal(
            (200, "paused"),
            (status, answer.GetProperty("components").GetProperty("queue").GetProperty("status").GetString()));
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_named_and_the_process_is_healthy_all_the_same()
    {
        var direct = new NpgsqlConnectionStringBuilder(_fixture.Database.AppConnectionString);
        await using var proxy = new DatabaseProxy(direct.Host!, direct.Port);
        (direct.Host, direct.Port) = ("127.0.0.1", proxy.Port);
        await using var api = ApiServer.Start(direct.ConnectionString, settings: ("Ready:DatabaseSeconds", "0.5"));
        using var stranger = api.CreateClient();
        proxy.Down();

        using var ready = await stranger.GetAsync("/api/v1/ready", Cancel);
        using var health = await stranger.GetAsync("/api/v1/health", Cancel);

        var answer = await ready.ReadAsync();
        Assert.Equal((503, "[\"database\"]"), ((int)ready.StatusCode, NotReady(answer)));
        Assert.NotNull(ready.Headers.RetryAfter);
        Assert.Equal(200, (int)health.StatusCode);
        Assert.Equal("healthy", (await health.ReadAsync()).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_process_that_comes_up_before_its_schema_is_unhealthy_until_that_is_there()
    {
        await _fixture.Database.ExecuteAsync(
            "DELETE FROM schema_migrations WHERE number = (SELECT max(number) FROM schema_migrations)");
        await using var api = ApiServer.Start(_fixture.Database.AppConnectionString);
        using var stranger = api.CreateClient();

        using var before = await stranger.GetAsync("/health", Cancel);
        using var alive = await stranger.GetAsync("/alive", Cancel);
        await _fixture.Database.ExecuteAsync(
            "INSERT INTO schema_migrations (number, name, hash) VALUES (@number, 'the last', '')",
            new { number = Ledger.Migrations.Migrator.Version });
        using var after = await stranger.GetAsync("/health", Cancel);

        Assert.Equal((503, 200, 200), ((int)before.StatusCode, (int)alive.StatusCode, (int)after.StatusCode));
        Assert.Equal(
            """{"self":"healthy","PostgreSql":"healthy","schema":"unhealthy"}""",
            (await before.ReadAsync()).GetProperty("checks").GetRawText());
    }

    private async Task<(int Status, JsonElement Answer)> ReadyAsync()
    {
        // A probe has no key.
        using var stranger = _fixture.Api.CreateClient();
        using var response = await stranger.GetAsync("/api/v1/ready", Cancel);
        return ((int)response.StatusCode, await response.ReadAsync());
    }

    private static string NotReady(JsonElement answer) => answer.GetProperty("notReady").GetRawText();
}
