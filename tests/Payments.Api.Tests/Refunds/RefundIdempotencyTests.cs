namespace Payments.Api.Tests.Refunds;

public sealed class RefundIdempotencyTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task A_repetition_is_answered_byte_for_byte_as_the_first_whatever_became_of_the_refund()
    {
        var payment = await fixture.PaidAsync("SAME-ONE", 100);
        using var first = await fixture.Client.RefundAsync(payment, RefundRequests.Part, "repeated");
        var text = await first.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        await fixture.Database.ExecuteAsync(
            "UPDATE refunds SET status = 'failed', failure_reason = 'of_the_test', settled_at = now()");
        await using var successor = ApiServer.Start(fixture.Database.AppConnectionString);

        using var remembered = await fixture.Client.RefundAsync(payment, RefundRequests.Part, "\"repeated\"");
        using var read = await successor.Client.RefundAsync(payment, RefundRequests.Part, "repeated");

        Assert.False(first.Headers.Contains("Idempotent-Replayed"));
        foreach (var again in new[] { remembered, read })
        {
            Assert.Equal(201, (int)again.StatusCode);
            Assert.Equal("true", Assert.Single(again.Headers.GetValues("Idempotent-Replayed")));
            Assert.Equal(first.Headers.Location, again.Headers.Location);
            Assert.Equal(text, await again.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    [Theory]
    [InlineData("""{"reason":"requested_by_customer","amount":40.00}""", 201)]
    [InlineData("""{"amount":"40.0","reason":"requested_by_customer"}""", 201)]
    [InlineData("""{"amount":4e1,"reason":"requested_by_customer"}""", 201)]
    [InlineData("""{"amount":40.01,"reason":"requested_by_customer"}""", 422)]
    [InlineData("""{"amount":40,"reason":"duplicate"}""", 422)]
    [InlineData("""{"amount":40}""", 422)]
    [InlineData("{}", 422)]
    public async Task The_same_key_is_good_for_what_means_the_same_and_for_nothing_else(string body, int status)
    {
        var payment = await fixture.PaidAsync("SAME-CANON", 100);
        var key = PaymentRequests.NewKey();
        using var first = await fixture.Client.RefundAsync(payment, RefundRequests.Part, key);

        using var second = await fixture.Client.RefundAsync(payment, body, key);

        Assert.Equal(status, (int)second.StatusCode);
        Assert.Equal(1, await RefundsOfAsync(payment));
    }

    [Fact]
    public async Task A_key_names_a_refund_of_one_payment_on_one_route_by_one_owner()
    {
        await TestKeys.AddAsync(fixture.Database, "somebody else", "key-of-somebody-else");
        using var stranger = fixture.Api.CreateClient("key-of-somebody-else");
        var payment = await fixture.PaidAsync("SAME-SCOPE", 100);
        var other = await fixture.PaidAsync("SAME-SCOPE", 100);
        const string Body = """{"amount":10}""";

        using var first = await fixture.Client.RefundAsync(payment, Body, "scoped");
        var reused = await fixture.Client.RefundAsync(other, Body, "scoped").RefusalAsync();
        using var onOtherRoute = await fixture.Client.PostAsync(
            $"/api/v1/transactions/{payment}/refund", Body, "scoped");
        using var byOther = await stranger.RefundAsync(payment, Body, "scoped");

        Assert.Equal((422, "idempotency_key_reused"), reused);
        Assert.All([first, onOtherRoute, byOther], answer => Assert.Equal(201, (int)answer.StatusCode));
        Assert.Equal(3, await RefundsOfAsync(payment));
    }

    [Fact]
    public async Task Fifty_duplicates_at_once_refund_once_also_over_two_processes()
    {
        var payment = await fixture.PaidAsync("SAME-FIFTY", 100);
        await using var second = ApiServer.Start(fixture.Database.AppConnectionString);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i =>
            (i % 2 == 0 ? fixture.Client : second.Client).RefundAsync(payment, RefundRequests.Part, "fifty")));

        Assert.All(answers, answer => Assert.Equal(201, (int)answer.StatusCode));
        Assert.Single(answers.Select(answer => answer.Headers.Location).Distinct());
        Assert.Single(answers, answer => !answer.Headers.Contains("Idempotent-Replayed"));
        Assert.Equal(1, await RefundsOfAsync(payment));
    }

    [Fact]
    public async Task A_key_that_another_process_holds_is_in_use()
    {
        var payment = await fixture.PaidAsync("SAME-HELD", 100);
        await using var impatient = ApiServer.Start(
            fixture.Database.AppConnectionString, settings: [("Idempotency:KeyWaitMilliseconds", "50")]);
        await using var holder = await fixture.Database.Superuser.OpenConnectionAsync(
            TestContext.Current.CancellationToken);
        await using var transaction = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var hold = holder.CreateCommand();
        hold.CommandText = """
            SELECT pg_advisory_xact_lock(hashtextextended(id || ' POST /payments/{id}/refunds held', 0))
            FROM key_owners WHERE name = 'tester'
            """;
        await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        using var inUse = await impatient.Client.RefundAsync(payment, RefundRequests.Part, "held");
        Assert.Equal(409, (int)inUse.StatusCode);
        Assert.Equal("idempotency_key_in_use", await inUse.CodeAsync());
        Assert.Equal("1", Assert.Single(inUse.Headers.GetValues("Retry-After")));

        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        using var retry = await impatient.Client.RefundAsync(payment, RefundRequests.Part, "held");
        Assert.Equal(201, (int)retry.StatusCode);
    }

    private Task<long> RefundsOfAsync(Guid payment) => fixture.Database.ScalarAsync<long>(
        "SELECT count(*) FROM refunds WHERE payment_id = @payment", new { payment });
}
