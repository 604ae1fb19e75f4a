using Payments.Api.Tests.Refunds;

namespace Payments.Api.Tests.Flows;

public sealed class DepositTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Path = FlowRequests.Deposits;

    private HttpClient Client => fixture.Client;

    [Fact]
    public async Task A_deposit_is_posted_when_it_is_completed_and_not_before()
    {
        using var created = await Client.RecordAsync(
            Path, """{"accountId":"DEP-1","amount":"12.3456","reference":"0xabc","description":"From outside"}""");
        var deposit = await created.ReadAsync();
        var id = deposit.GetProperty("id").GetGuid();
        Assert.Equal(201, (int)created.StatusCode);
        Assert.Equal($"{Path}/{id}", created.Headers.Location?.ToString());
        Assert.Equal(
            ("DEP-1", 12.3456m, "USDC", "pending", "0xabc", JsonValueKind.Null),
            (deposit.GetProperty("accountId").GetString(), deposit.GetProperty("amount").GetDecimal(),
                deposit.GetProperty("currency").GetString(), deposit.GetProperty("status").GetString(),
                deposit.GetProperty("reference").GetString(), deposit.GetProperty("completedAt").ValueKind));
        Assert.Empty(await fixture.Database.EntriesAsync(id));

        using var completed = await Client.CompleteAsync(Path, id);

        Assert.Equal("completed", (await completed.ReadAsync()).GetProperty("status").GetString());
        Assert.Equal(
            ["usdc_buffer -12345600 USDC", "DEP-1 12345600 USDC"], await fixture.Database.EntriesAsync(id));
        Assert.Equal(
            ("deposit", true),
            (await fixture.Database.QueryAsync<(string, bool)>(
                """
                SELECT t.kind, d.completed_at = t.created_at
                FROM ledger_transactions AS t JOIN deposits AS d ON d.id = t.id
                WHERE t.id = @id
                """,
                new { id })).Single());
        Assert.Equal(12.3456m, await Client.BalanceAsync("DEP-1", "USDC"));
        await Books.ShouldBeRightAsync(fixture.Database);
    }

    [Fact]
    public async Task A_failed_deposit_posts_nothing_and_says_why()
    {
        var id = (await Client.RecordedAsync(Path, "DEP-FAILED", 5)).GetProperty("id").GetGuid();

        using var failed = await Client.FailAsync(Path, id, "never seen on the chain");

        var deposit = await failed.ReadAsync();
        Assert.Equal(
            ("failed", "never seen on the chain"),
            (deposit.GetProperty("status").GetString(), deposit.GetProperty("failureReason").GetString()));
        Assert.Empty(await fixture.Database.EntriesAsync(id));
    }

    [Fact]
    public async Task To_end_it_again_in_the_same_way_answers_the_same_and_in_the_other_is_409()
    {
        var completed = await Client.DepositedAsync("DEP-AGAIN", 7);
        var failed = (await Client.RecordedAsync(Path, "DEP-AGAIN", 8)).GetProperty("id").GetGuid();
        using var first = await Client.FailAsync(Path, failed, "first");

        using var completedAgain = await Client.CompleteAsync(Path, completed);
        using var failedAgain = await Client.FailAsync(Path, failed, "second");

        Assert.Equal("completed", (await completedAgain.ReadAsync()).GetProperty("status").GetString());
        Assert.Equal((await first.ReadAsync()).GetRawText(), (await failedAgain.ReadAsync()).GetRawText());
        Assert.Equal((409, "flow_ended"), await Client.FailAsync(Path, completed).RefusalAsync());
        Assert.Equal((409, "flow_ended"), await Client.CompleteAsync(Path, failed).RefusalAsync());
        Assert.Equal(7, await Client.BalanceAsync("DEP-AGAIN", "USDC"));
    }

    [Fact]
    public async Task Twenty_who_complete_one_deposit_at_once_post_it_once()
    {
        var id = (await Client.RecordedAsync(Path, "DEP-RACE", 3)).GetProperty("id").GetGuid();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var answer = await Client.CompleteAsync(Path, id);
            return ((int)answer.StatusCode, (await answer.ReadAsync()).GetRawText());
        }));

        Assert.Equal(200, answers[0].Item1);
        Assert.Single(answers.Distinct());
        Assert.Equal(3, await Client.BalanceAsync("DEP-RACE", "USDC"));
        await Books.ShouldBeRightAsync(fixture.Database);
    }

    [Fact]
    public async Task Of_completing_and_failing_at_once_one_wins_and_the_other_is_refused()
    {
        for (var round = 0; round < 10; round++)
        {
            var id = (await Client.RecordedAsync(Path, "DEP-EITHER", 1)).GetProperty("id").GetGuid();

            var answers = await Task.WhenAll(Client.CompleteAsync(Path, id), Client.FailAsync(Path, id));

            Assert.Equal([200, 409], answers.Select(answer => (int)answer.StatusCode).Order());
        }

        await Books.ShouldBeRightAsync(fixture.Database);
    }

    [Fact]
    public async Task The_same_key_records_one_deposit_and_the_same_reference_under_another_key_is_409()
    {
        const string Body = """{"accountId":"DEP-KEY","amount":1,"reference":"0xonce"}""";
        var key = PaymentRequests.NewKey();
        using var first = await Client.RecordAsync(Path, Body, key);
        using var again = await Client.RecordAsync(
            Path, """{ "reference": "0xonce", "amount": 1.00, "accountId": "DEP-KEY" }""", key);

        Assert.Equal((await first.ReadAsync()).GetRawText(), (await again.ReadAsync()).GetRawText());
        Assert.Equal("true", again.Headers.GetValues("Idempotent-Replayed").Single());
        Assert.Equal((409, "reference_in_use"), await Client.RecordAsync(Path, Body).RefusalAsync());
        Assert.Equal(
            (422, "idempotency_key_reused"),
            await Client.RecordAsync(Path, """{"accountId":"DEP-KEY","amount":2}""", key).RefusalAsync());
        Assert.Equal(
            1L,
            await fixture.Database.ScalarAsync<long>("SELECT count(*) FROM deposits WHERE account_name = 'DEP-KEY'"));
    }

    [Fact]
    public async Task Twenty_with_one_reference_and_keys_of_their_own_record_one_deposit()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ =>
            Client.RecordAsync(Path, """{"accountId":"DEP-REF","amount":1,"reference":"0xrace"}""")));

        Assert.Equal(1, answers.Count(answer => (int)answer.StatusCode == 201));
        Assert.Equal(19, answers.Count(answer => (int)answer.StatusCode == 409));
    }

    [Theory]
    [InlineData("""{"accountId":"A","amount":0}""", 422, "unprocessable")]
    [InlineData("""{"accountId":"A","amount":-1}""", 422, "unprocessable")]
    [InlineData("""{"accountId":"A","amount":0.0000001}""", 422, "unprocessable")]
    [InlineData("""{"accountId":"A","amount":1,"currency":"USD"}""", 422, "unprocessable")]
    [InlineData("""{"accountId":"usdc_buffer","amount":1}""", 422, "unprocessable")]
    [InlineData("""{"accountId":"FIAT_EXPOSURE","amount":1}""", 422, "unprocessable")]
    [InlineData("""{"accountId":"A","amount":1,"reference":""}""", 422, "unprocessable")]
    [InlineData("""{"accountId":"A"}""", 400, "invalid_request")]
    [InlineData("""{"amount":1}""", 400, "invalid_request")]
    [InlineData("""{"accountId":"A","amount":1,"usdAmount":1}""", 400, "invalid_request")]
    [InlineData("""{"accountId":"A","amount":null}""", 400, "invalid_request")]
    public async Task A_deposit_with_a_wrong_value_is_refused(string body, int status, string code) =>
        Assert.Equal((status, code), await Client.RecordAsync(Path, body).RefusalAsync());

    [Fact]
    public async Task An_end_of_what_does_not_exist_is_404_and_a_failure_without_a_reason_is_400()
    {
        var id = (await Client.RecordedAsync(Path, "DEP-NO-REASON", 1)).GetProperty("id").GetGuid();

        Assert.Equal((404, "flow_not_found"), await Client.CompleteAsync(Path, Guid.CreateVersion7()).RefusalAsync());
        Assert.Equal(
            (400, "invalid_request"), await Client.PostAsync($"{Path}/{id}/fail", null, key: null).RefusalAsync());
        Assert.Equal((422, "unprocessable"), await Client.FailAsync(Path, id, " ").RefusalAsync());
        Assert.Equal("pending", (await Client.GetJsonAsync($"{Path}/{id}")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Who_recorded_and_who_ended_it_is_in_the_audit_trail()
    {
        var id = await Client.DepositedAsync("DEP-AUDIT", 1);

        Assert.Equal(
            ["tester deposit.created DEP-AUDIT", "tester deposit.completed DEP-AUDIT"],
            await fixture.Database.QueryAsync<string>(
                """
                SELECT actor || ' ' || action || ' ' || account
                FROM audit_events WHERE object_id = @id ORDER BY id
                """,
                new { id = id.ToString() }));
    }
}
