using System.Text;

namespace Payments.Api.Tests.Transfers;

public sealed class CreateTransferTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Address = "/api/v1/transactions";

    [Fact]
    public async Task A_transfer_is_accepted_with_the_address_at_which_its_end_can_be_asked_for()
    {
        using var response = await fixture.Client.PostJsonAsync(Address, """
            {
              "transaction": {
                "source_account_id": "account-123",
                "destination_account_id": "account-456",
                "amount": 100.00
              },
              "idempotencyKey": "unique-key-12345"
            }
            """);

        Assert.Equal(202, (int)response.StatusCode);
        var answer = await response.ReadAsync();
        Assert.Equal(
            $$"""
            {"status":"ACCEPTED","idempotencyKey":"unique-key-12345",
            "messageId":"{{answer.GetProperty("messageId").GetGuid()}}",
            "pollUrl":"/api/v1/transactions/status/unique-key-12345","expiresAt":"9999-12-31T23:59:59Z"}
            """.ReplaceLineEndings(""),
            answer.GetRawText());
        Assert.Equal("/api/v1/transactions/status/unique-key-12345", response.Headers.Location?.ToString());
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Equal(
            ("transfer", "account-123", "account-456", 10_000L, "USD"),
            Assert.Single(await fixture.Database.QueryAsync<(string, string, string, long, string)>(
                """
                SELECT kind, payer_account, payee_account, amount, currency FROM recon_jobs WHERE id = @id
                """,
                new { id = answer.GetProperty("messageId").GetGuid() })));
    }

    [Fact]
    public async Task A_duplicate_is_answered_200_with_what_became_of_the_first()
    {
        var (id, key) = await fixture.Client.TransferAsync("ACC-A", "ACC-B", 5);
        using var early = await RepeatAsync("ACC-A", key);
        await Settlement.CompleteAsync(fixture.Database, id);
        using var late = await RepeatAsync("ACC-A", key);

        var (first, second) = (await early.ReadAsync(), await late.ReadAsync());
        Assert.Equal((200, 200), ((int)early.StatusCode, (int)late.StatusCode));
        Assert.All([early, late], r => Assert.Equal("true", Assert.Single(r.Headers.GetValues("Idempotent-Replayed"))));
        Assert.Equal(("PROCESSING", "COMPLETED"), (Text(first, "status"), Text(second, "status")));
        Assert.All([first, second], answer => Assert.Equal(id, answer.GetProperty("messageId").GetGuid()));
        Assert.Equal("completed", Text(second.GetProperty("result"), "status"));
        Assert.Equal("ACC-A", Text(second.GetProperty("result"), "source_account_id"));
        Assert.Equal(1, await fixture.Database.ScalarAsync<int>(
            "SELECT count(*) FROM payments WHERE idempotency_key = @key", new { key }));
    }

    [Fact]
    public async Task Who_prefers_to_wait_is_answered_with_the_end_if_it_comes_in_time()
    {
        using var tooEarly = await WaitingAsync("ACC-WAIT-0", "wait=0");
        var waiting = WaitingAsync("ACC-WAIT-20", "wait=20");
        const string QueuedSql = "SELECT id FROM recon_jobs WHERE payer_account = 'ACC-WAIT-20'";
        var queued = await Conditions.FirstAsync(
            () => fixture.Database.QueryAsync<Guid>(QueuedSql), ids => ids.Count > 0);

        await Settlement.CompleteAsync(fixture.Database, Assert.Single(queued));
        await fixture.Database.ExecuteAsync("NOTIFY payments_changed");
        using var answer = await waiting;

        Assert.Equal((202, 200), ((int)tooEarly.StatusCode, (int)answer.StatusCode));
        Assert.Equal("wait=20", Assert.Single(answer.Headers.GetValues("Preference-Applied")));
        Assert.Equal("COMPLETED", Text(await answer.ReadAsync(), "status"));
        Assert.False(answer.Headers.Contains("Idempotent-Replayed"));
    }

    [Fact]
    public async Task Another_request_under_the_same_key_is_refused()
    {
        var (_, key) = await fixture.Client.TransferAsync("ACC-A", "ACC-B", 5);
        using var response = await RepeatAsync("ACC-OTHER", key);

        Assert.Equal((422, "idempotency_key_reused"), ((int)response.StatusCode, await response.CodeAsync()));
    }

    [Fact]
    public async Task Keys_of_payments_and_of_transfers_never_meet()
    {
        using var payment = await fixture.Client.CreateAsync("""{"accountId":"ACC-B","amount":5}""", "in-both");
        var (id, _) = await fixture.Client.TransferAsync("ACC-A", "ACC-B", 5, "in-both");

        Assert.Equal(201, (int)payment.StatusCode);
        Assert.NotEqual((await payment.ReadAsync()).GetProperty("id").GetGuid(), id);
    }

    [Fact]
    public async Task The_header_may_name_the_same_key_and_no_other()
    {
        const string Body = """
            {"transaction":{"source_account_id":"A","destination_account_id":"B","amount":1},"idempotencyKey":"in-body"}
            """;
        using var same = await SendAsync(Body, "\"in-body\"");
        using var other = await SendAsync(Body, "in-header");
        using var missing = await SendAsync(
            Body.Replace(",\"idempotencyKey\":\"in-body\"", "", StringComparison.Ordinal), "in-header");

        Assert.Equal(202, (int)same.StatusCode);
        Assert.Equal((400, "idempotency_key_invalid"), ((int)other.StatusCode, await other.CodeAsync()));
        Assert.Equal((400, "idempotency_key_missing"), ((int)missing.StatusCode, await missing.CodeAsync()));
    }

    [Theory]
    [InlineData("{", 400, "invalid_json", "")]
    [InlineData("[]", 400, "invalid_request", "#:invalid_type")]
    [InlineData("{'idempotencyKey':'k'}", 400, "invalid_request", "#/transaction:required")]
    [InlineData("{'transaction':1,'idempotencyKey':'k'}", 400, "invalid_request", "#/transaction:invalid_type")]
    [InlineData("{'transaction':{},'idempotencyKey':'k'}", 400, "invalid_request",
        "#/transaction/source_account_id:required #/transaction/destination_account_id:required " +
        "#/transaction/amount:required")]
    [InlineData("{'transaction':{'source_account_id':'A','destination_account_id':'B','amount':1,'amount':2,'x':[1]}," +
        "'idempotencyKey':'k','y':{}}", 400, "invalid_request",
        "#/transaction/amount:duplicate_member #/transaction/x:unknown_member #/y:unknown_member")]
    [InlineData("{'transaction':{'source_account_id':'A','destination_account_id':'B','amount':1}," +
        "'idempotencyKey':''}", 400, "idempotency_key_invalid", "#/idempotencyKey:invalid_key")]
    [InlineData("{'transaction':{'source_account_id':'A','destination_account_id':'A','amount':0}," +
        "'idempotencyKey':'k'}", 422, "unprocessable",
        "#/transaction/destination_account_id:same_account #/transaction/amount:amount_not_positive")]
    [InlineData("{'transaction':{'source_account_id':'clearing','destination_account_id':'a/b','amount':-1.001}," +
        "'idempotencyKey':'k'}", 422, "unprocessable",
        "#/transaction/source_account_id:reserved_account #/transaction/destination_account_id:invalid_account " +
        "#/transaction/amount:too_many_decimals #/transaction/amount:amount_not_positive")]
    [InlineData("{'transaction':{'source_account_id':'A','destination_account_id':'B','amount':'1','currency':'XYZ'}," +
        "'idempotencyKey':'k'}", 422, "unprocessable", "#/transaction/currency:unknown_currency")]
    public async Task What_is_wrong_with_a_body_is_named_with_its_place(
        string body, int status, string code, string errors)
    {
        using var response = await fixture.Client.PostJsonAsync(Address, body.Replace('\'', '"'));

        var problem = await response.ReadAsync();
        Assert.Equal((status, code), ((int)response.StatusCode, Text(problem, "code")));
        Assert.Equal(errors, problem.TryGetProperty("errors", out var list)
            ? string.Join(' ', list.EnumerateArray().Select(e => $"{Text(e, "pointer")}:{Text(e, "code")}"))
            : "");
    }

    [Fact]
    public async Task Fifty_duplicates_at_once_are_one_transfer_also_over_two_processes()
    {
        await using var second = ApiServer.Start(fixture.Database.AppConnectionString);
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i =>
            RepeatAsync("ACC-A", "fifty-transfers", i % 2 == 0 ? fixture.Client : second.Client)));

        Assert.Single(answers, answer => (int)answer.StatusCode == 202);
        Assert.Equal(49, answers.Count(answer => (int)answer.StatusCode == 200));
        Assert.Equal(1, await fixture.Database.ScalarAsync<int>(
            """
            SELECT count(*) FROM payments JOIN recon_jobs ON recon_jobs.id = payments.id
            WHERE idempotency_key = 'fifty-transfers'
            """));
    }

    [Fact]
    public async Task A_transfer_is_queued_by_its_payee_or_by_a_payer_that_has_a_minimum_balance()
    {
        await OpenAsync("ACC-LIMITED", "USD", 0);
        await OpenAsync("ACC-FREE", "USD", null);
        await OpenAsync("ACC-ELSEWHERE", "EUR", 0);

        foreach (var payer in new[] { "ACC-LIMITED", "ACC-FREE", "ACC-ELSEWHERE", "ACC-UNKNOWN" })
        {
            await fixture.Client.TransferAsync(payer, "ACC-QUEUED", 1);
        }

        var payee = Ledger.Jobs.Division.Of("ACC-QUEUED");
        Assert.Equal(
            [Ledger.Jobs.Division.Of("ACC-LIMITED"), payee, payee, payee],
            await fixture.Database.QueryAsync<short>(
                "SELECT division FROM recon_jobs WHERE payee_account = 'ACC-QUEUED' ORDER BY sequence"));
    }

    private Task OpenAsync(string name, string currency, long? minimum) => fixture.Database.ExecuteAsync(
        "INSERT INTO accounts (name, currency, minimum_balance) VALUES (@name, @currency, @minimum)",
        new { name, currency, minimum });

    private Task<HttpResponseMessage> RepeatAsync(string source, string key, HttpClient? client = null) =>
        (client ?? fixture.Client).PostJsonAsync(Address, $$$"""
            {"idempotencyKey":"{{{key}}}","transaction":{"amount":"5.0","currency":"USD",
            "destination_account_id":"ACC-B","source_account_id":"{{{source}}}"}}
            """);

    private Task<HttpResponseMessage> WaitingAsync(string source, string prefer) => SendAsync(
        $$$"""
        {"transaction":{"source_account_id":"{{{source}}}","destination_account_id":"B","amount":1},
        "idempotencyKey":"{{{source}}}"}
        """,
        header: null,
        prefer);

    private Task<HttpResponseMessage> SendAsync(string body, string? header, string? prefer = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Address)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (header is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", header);
        }

        if (prefer is not null)
        {
            request.Headers.Add("Prefer", prefer);
        }

        return fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
