using Npgsql;

namespace Payments.Api.Tests.Queue;

public sealed class DeadLetterTests : IAsyncLifetime
{
    private const string Letters = "/api/v1/queue/dead-letters";

    private readonly ApiFixture _fixture = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private TestDatabase Database => _fixture.Database;

    private HttpClient Operator { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await _fixture.InitializeAsync();
        await TestKeys.AddAsync(Database, "operator", "key-of-the-operator", ["payments:read", "queue:admin"]);
        Operator = _fixture.Api.CreateClient("key-of-the-operator");
    }

    public async ValueTask DisposeAsync()
    {
        Operator.Dispose();
        await _fixture.DisposeAsync();
    }

    [Fact]
    public async Task A_dead_letter_is_listed_with_what_it_died_of_and_a_list_has_pages()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await BuryAsync($"ACC-{i}", $"error {i}"));
        }

        await Database.QueueAsync(new QueuedPayment("ACC-OPEN", 1));

        var first = await Operator.GetJsonAsync(Letters + "?limit=2");
        var second = await Operator.GetJsonAsync($"{Letters}?limit=2&starting_after={ids[3]}");
        var back = await Operator.GetJsonAsync($"{Letters}?limit=2&ending_before={ids[1]}");

        Assert.Equal([ids[4], ids[3]], Ids(first));
        Assert.Equal([ids[2], ids[1]], Ids(second));
        Assert.Equal([ids[3], ids[2]], Ids(back));
        Assert.True(first.GetProperty("has_more").GetBoolean());
        var letter = first.GetProperty("data")[0];
        Assert.Equal(
            "ACC-4 7.00 USD payment 3 error 4 worker-x 0",
            $"{letter.GetProperty("accountId")} {letter.GetProperty("amount").GetRawText()} "
            + $"{letter.GetProperty("currency")} {letter.GetProperty("kind")} {letter.GetProperty("failures")} "
            + $"{letter.GetProperty("lastError")} {letter.GetProperty("lastWorker")} {letter.GetProperty("redrives")}");
        Assert.Equal((400, "invalid_cursor"), await RefusalAsync(
            Operator, HttpMethod.Get, Letters + "?starting_after=x"));
        Assert.Equal((400, "invalid_cursor"), await RefusalAsync(
            Operator, HttpMethod.Get, $"{Letters}?starting_after={Guid.CreateVersion7()}"));
    }

    [Fact]
    public async Task A_redriven_dead_letter_is_settled_and_what_it_died_of_is_kept()
    {
        var id = await BuryAsync("ACC-AGAIN", "no room");
        var other = await BuryAsync("ACC-OTHER", "no room either");

        using var redriven = await Operator.PostAsync($"{Letters}/{id}/redrive", null, Cancel);
        Assert.Equal("""{"redriven":1}""", (await redriven.ReadAsync()).GetRawText());
        await using var worker = SettlingWorker.Start(Database);
        await Database.UntilAsync("SELECT status = 'completed' FROM payments WHERE id = @id", new { id });

        var kept = await Operator.GetJsonAsync($"/api/v1/queue/redrives?jobId={id}");
        var redrive = Assert.Single(kept.GetProperty("data").EnumerateArray());
        Assert.Equal(
            (id, "operator", "no room", 3),
            (redrive.GetProperty("jobId").GetGuid(), redrive.GetProperty("redrivenBy").GetString(),
                redrive.GetProperty("lastError").GetString(), redrive.GetProperty("failures").GetInt32()));
        Assert.Equal([other], Ids(await Operator.GetJsonAsync(Letters)));
        Assert.Empty(Ids(await Operator.GetJsonAsync($"/api/v1/queue/redrives?jobId={other}")));
        Assert.Equal((404, "dead_letter_not_found"), await RefusalAsync(
            Operator, HttpMethod.Post, $"{Letters}/{id}/redrive"));
        await Books.ShouldBeRightAsync(Database);
    }

    [Fact]
    public async Task A_redriven_dead_letter_that_cannot_be_settled_dies_again_and_takes_no_neighbour_with_it()
    {
        await Database.ExecuteAsync(
            "INSERT INTO accounts (name, currency, balance) VALUES ('ACC-FULL', 'USD', 9223372036854775807)");
        var id = await BuryAsync("ACC-FULL", "no room");
        await Database.QueueAsync([.. Enumerable.Range(1, 20).Select(i => new QueuedPayment("ACC-FINE", i))]);

        using var redriven = await Operator.PostAsync($"{Letters}/{id}/redrive", null, Cancel);
        await using var worker = SettlingWorker.Start(
            Database, ("Worker:FailureLimit", "2"),
            ("Worker:RetryDelaySeconds", "0.001"), ("Worker:RetryDelayMaxSeconds", "0.001"));
        await Database.UntilAsync("SELECT NOT EXISTS (SELECT FROM recon_jobs WHERE finished_at IS NULL)");

        var letter = Assert.Single((await Operator.GetJsonAsync(Letters)).GetProperty("data").EnumerateArray());
        Assert.Equal((id, 2, 1), (letter.GetProperty("id").GetGuid(), letter.GetProperty("failures").GetInt32(),
            letter.GetProperty("redrives").GetInt32()));
        Assert.Equal(20, await Database.ScalarAsync<long>(
            "SELECT count(*) FROM payments WHERE payee_account = 'ACC-FINE' AND settled_at IS NOT NULL"));
    }

    [Fact]
    public async Task All_are_redriven_at_once_each_only_once_however_many_ask()
    {
        for (var i = 0; i < 12; i++)
        {
            await BuryAsync("ACC-ALL", "error");
        }

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            using var answer = await Operator.PostAsync(Letters + "/redrive", null, Cancel);
            return (await answer.ReadAsync()).GetProperty("redriven").GetInt64();
        }));

        Assert.Equal(12, answers.Sum());
        Assert.Equal(12, await Database.ScalarAsync<long>("SELECT count(*) FROM redrives"));
        Assert.Equal(12, await Database.ScalarAsync<long>(
            "SELECT count(*) FROM recon_jobs WHERE status = 'pending' AND failures = 0 AND suspect"));
        Assert.Empty(Ids(await Operator.GetJsonAsync(Letters)));
        var first = await Operator.GetJsonAsync("/api/v1/queue/redrives?limit=5");
        var last = first.GetProperty("data")[4].GetProperty("id").GetString();
        var second = await Operator.GetJsonAsync($"/api/v1/queue/redrives?limit=100&starting_after={last}");
        Assert.Equal(7, second.GetProperty("data").GetArrayLength());
        Assert.Equal((400, "invalid_cursor"), await RefusalAsync(
            Operator, HttpMethod.Get, "/api/v1/queue/redrives?starting_after=999999"));
        Assert.Equal((400, "invalid_request"), await RefusalAsync(
            Operator, HttpMethod.Get, "/api/v1/queue/redrives?jobId=x"));
    }

    [Fact]
    public async Task A_redrive_of_what_is_no_dead_letter_any_more_is_in_the_audit_trail_as_refused()
    {
        var id = await BuryAsync("ACC-TWICE", "error");
        using var redriven = await Operator.PostAsync($"{Letters}/{id}/redrive", null, Cancel);

        Assert.Equal((404, "dead_letter_not_found"), await RefusalAsync(
            Operator, HttpMethod.Post, $"{Letters}/{id}/redrive"));

        Assert.Equal(
            ["operator succeeded ", "operator refused dead_letter_not_found"],
            await Database.QueryAsync<string>(
                """
                SELECT actor || ' ' || outcome || ' ' || coalesce(details ->> 'code', '')
                FROM audit_events
                WHERE action = 'dead_letter.redriven' AND object_type = 'job' AND object_id = @id
                ORDER BY audit_events.id
                """,
                new { id = $"{id}" }));
    }

    [Fact]
    public async Task A_list_goes_on_behind_a_dead_letter_that_was_redriven_meanwhile()
    {
        var older = await BuryAsync("ACC-1", "error");
        var newer = await BuryAsync("ACC-2", "error");
        using var redriven = await Operator.PostAsync($"{Letters}/{newer}/redrive", null, Cancel);

        Assert.Equal([older], Ids(await Operator.GetJsonAsync($"{Letters}?starting_after={newer}")));
    }

    [Theory]
    [InlineData("dead-letters/redrive")]
    [InlineData("dead-letters/01a1fcaa-a6b4-729a-879b-9da3d8101381/redrive")]
    [InlineData("pause")]
    [InlineData("resume")]
    public async Task Whoever_may_only_pay_and_read_changes_nothing(string route)
    {
        await BuryAsync("ACC-1", "error");

        Assert.Equal((403, "insufficient_scope"), await RefusalAsync(
            _fixture.Client, HttpMethod.Post, "/api/v1/queue/" + route));
        using var stranger = _fixture.Api.CreateClient();
        Assert.Equal((401, "unauthorized"), await RefusalAsync(stranger, HttpMethod.Post, "/api/v1/queue/" + route));
        Assert.Single(Ids(await _fixture.Client.GetJsonAsync(Letters)));
    }

    [Theory]
    [InlineData("UPDATE redrives SET last_error = NULL")]
    [InlineData("DELETE FROM redrives")]
    public async Task The_services_cannot_change_the_history(string sql)
    {
        await using var command = Database.App.CreateCommand(sql);

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Cancel));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
    }

    private async Task<Guid> BuryAsync(string account, string error)
    {
        var payment = new QueuedPayment(account, 700);
        await Database.QueueAsync(payment);
        await Database.BuryAsync(error, payment.Id);
        return payment.Id;
    }

    private static IEnumerable<Guid> Ids(JsonElement list) =>
        list.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("id")).Select(id =>
            Guid.TryParse(id.GetString(), out var guid) ? guid : Guid.Empty);

    private static async Task<(int Status, string Code)> RefusalAsync(
        HttpClient client, HttpMethod method, string address)
    {
        using var request = new HttpRequestMessage(method, address);
        using var response = await client.SendAsync(request, Cancel);
        return ((int)response.StatusCode, await response.CodeAsync());
    }
}
