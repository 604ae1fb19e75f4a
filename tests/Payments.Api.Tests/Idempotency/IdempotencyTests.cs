using System.Text;
using Npgsql;

namespace Payments.Api.Tests.Idempotency;

public sealed class IdempotencyTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Body = """{"accountId":"ACC-001","amount":100.00,"description":"Order \"7\""}""";

    [Fact]
    public async Task A_payment_without_a_key_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/payments")
        {
            Content = new StringContent(Body, Encoding.UTF8, "application/json"),
        };
        using var response = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal("idempotency_key_missing", await response.CodeAsync());
    }

    [Fact]
    public async Task A_key_that_is_too_long_or_not_ASCII_or_given_twice_is_refused()
    {
        using var tooLong = await fixture.Client.CreateAsync(Body, new string('k', 256));
        using var empty = await fixture.Client.CreateAsync(Body, "\"\"");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/payments")
        {
            Content = new StringContent(Body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", ["one", "two"]);
        using var twice = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);

        foreach (var response in new[] { tooLong, empty, twice })
        {
            Assert.Equal(400, (int)response.StatusCode);
            Assert.Equal("idempotency_key_invalid", await response.CodeAsync());
        }
    }

    [Fact]
    public async Task A_repetition_is_answered_byte_for_byte_as_the_first_also_after_the_payment_settled()
    {
        using var first = await fixture.Client.CreateAsync(Body, "repeated");
        var text = await first.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        await Settlement.CompleteAsync(
            fixture.Database, JsonDocument.Parse(text).RootElement.GetProperty("id").GetGuid());

        using var second = await fixture.Client.CreateAsync(Body, "\"repeated\"");

        Assert.Equal(201, (int)second.StatusCode);
        Assert.Equal("true", Assert.Single(second.Headers.GetValues("Idempotent-Replayed")));
        Assert.False(first.Headers.Contains("Idempotent-Replayed"));
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.Equal(text, await second.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("""{"amount":100.00,"description":"Order \"7\"","accountId":"ACC-001"}""")]
    [InlineData("""  { "accountId" : "ACC-001", "amount": 1e2, "description": "Order \u00227\u0022" } """)]
    [InlineData("""{"accountId":"ACC-001","amount":"100.0","currency":"USD","description":"Order \"7\""}""")]
    [InlineData("""{"accountId":"ACC-001","amount":100.0000,"currency":null,"description":"Order \"7\""}""")]
    public async Task What_means_the_same_is_the_same_request(string body)
    {
        using var first = await fixture.Client.CreateAsync(Body, "canonical");
        using var second = await fixture.Client.CreateAsync(body, "canonical");

        Assert.Equal(201, (int)second.StatusCode);
        Assert.Equal(first.Headers.Location, second.Headers.Location);
    }

    [Theory]
    [InlineData("""{"accountId":"ACC-002","amount":100.00,"description":"Order \"7\""}""")]
    [InlineData("""{"accountId":"ACC-001","amount":100.01,"description":"Order \"7\""}""")]
    [InlineData("""{"accountId":"ACC-001","amount":-100.00,"description":"Order \"7\""}""")]
    [InlineData("""{"accountId":"ACC-001","amount":100.00,"currency":"EUR","description":"Order \"7\""}""")]
    [InlineData("""{"accountId":"ACC-001","amount":100.00,"description":"Order 7"}""")]
    [InlineData("""{"accountId":"ACC-001","amount":100.00,"description":""}""")]
    [InlineData("""{"accountId":"ACC-001","amount":100.00}""")]
    public async Task Another_request_under_the_same_key_is_refused(string body)
    {
        using var first = await fixture.Client.CreateAsync(Body, "owned");
        using var second = await fixture.Client.CreateAsync(body, "owned");

        Assert.Equal(422, (int)second.StatusCode);
        Assert.Equal("idempotency_key_reused", await second.CodeAsync());
    }

    [Fact]
    public async Task Keys_belong_to_the_owner_of_the_API_key_and_outlive_its_rotation()
    {
        await TestKeys.AddAsync(fixture.Database, "tester", "rotated-key");
        await TestKeys.AddAsync(fixture.Database, "somebody else", "key-of-somebody-else");
        using var rotated = fixture.Api.CreateClient("rotated-key");
        using var stranger = fixture.Api.CreateClient("key-of-somebody-else");

        using var first = await fixture.Client.CreateAsync(Body, "mine");
        using var again = await rotated.CreateAsync(Body, "mine");
        using var other = await stranger.CreateAsync(Body, "mine");

        Assert.Equal(first.Headers.Location, again.Headers.Location);
        Assert.NotEqual(first.Headers.Location, other.Headers.Location);
    }

    [Fact]
    public async Task Fifty_duplicates_at_once_pay_once_also_over_two_processes()
    {
        await using var second = ApiServer.Start(fixture.Database.AppConnectionString);
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i =>
            (i % 2 == 0 ? fixture.Client : second.Client).CreateAsync(Body, "fifty")));

        Assert.DoesNotContain(answers, answer => (int)answer.StatusCode != 201);
        Assert.Single(answers.Select(answer => answer.Headers.Location).Distinct());
        Assert.Single(answers, answer => !answer.Headers.Contains("Idempotent-Replayed"));
        Assert.Equal(1, await fixture.Database.ScalarAsync<int>(
            """
            SELECT count(*) FROM payments JOIN recon_jobs ON recon_jobs.id = payments.id
            WHERE idempotency_key = 'fifty'
            """));
    }

    [Fact]
    public async Task Of_different_requests_racing_for_a_key_one_wins()
    {
        var answers = await Task.WhenAll(Enumerable.Range(1, 20).Select(i =>
            fixture.Client.CreateAsync($$"""{"accountId":"ACC-001","amount":{{i}}}""", "raced")));

        Assert.Single(answers, answer => (int)answer.StatusCode == 201);
        Assert.Equal(19, answers.Count(answer => (int)answer.StatusCode == 422));
    }

    // Two processes that insert many equal keys in opposite order would wait for each other in a circle.
    [Fact]
    public async Task Two_processes_with_the_same_keys_in_opposite_order_answer_all_of_them()
    {
        await using var second = ApiServer.Start(fixture.Database.AppConnectionString);
        var keys = Enumerable.Range(0, 200).Select(i => $"crossing-{i}").ToList();
        var forwards = keys.Select(key => fixture.Client.CreateAsync(Body, key)).ToList();
        var backwards = keys.AsEnumerable().Reverse().Select(key => second.Client.CreateAsync(Body, key)).ToList();

        var answers = await Task.WhenAll(forwards.Concat(backwards));

        Assert.DoesNotContain(answers, answer => (int)answer.StatusCode != 201);
        Assert.Equal(200, answers.Select(answer => answer.Headers.Location).Distinct().Count());
    }

    [Fact]
    public async Task A_key_that_another_transaction_holds_is_in_use_and_delays_no_other_key_for_long()
    {
        await using var holder = await fixture.Database.Superuser.OpenConnectionAsync(
            TestContext.Current.CancellationToken);
        await using var transaction = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var insert = new NpgsqlCommand(
            """
            INSERT INTO payments
                (id, amount, created_at, owner_id, fingerprint, kind, currency, payee_account, idempotency_key)
            SELECT gen_random_uuid(), 1, now(), id, '\x00', 'payment', 'USD', 'ACC-001', 'held'
            FROM key_owners WHERE name = 'tester'
            """,
            holder))
        {
            await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var held = fixture.Client.CreateAsync(Body, "held");
        var others = Enumerable.Range(0, 30).Select(_ => fixture.Client.CreateAsync(Body)).ToList();

        using var inUse = await held;
        Assert.Equal(409, (int)inUse.StatusCode);
        Assert.Equal("idempotency_key_in_use", await inUse.CodeAsync());
        Assert.Equal("1", Assert.Single(inUse.Headers.GetValues("Retry-After")));
        Assert.All(await Task.WhenAll(others), answer => Assert.Equal(201, (int)answer.StatusCode));

        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        using var retry = await fixture.Client.CreateAsync(Body, "held");
        Assert.Equal(201, (int)retry.StatusCode);
    }
}
