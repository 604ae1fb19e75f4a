using System.Globalization;

namespace Payments.Api.Tests.Refunds;

public sealed class CreateRefundTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task A_refund_is_answered_as_pending_with_its_part_reserved_and_its_job_queued()
    {
        var payment = await fixture.PaidAsync("REF-ONE", 100);

        using var response = await fixture.Client.RefundAsync(payment, RefundRequests.Part);

        var refund = await response.ReadAsync();
        var id = refund.GetProperty("id").GetGuid();
        Assert.Equal(201, (int)response.StatusCode);
        Assert.Equal($"/payments/{payment}/refunds/{id}", response.Headers.Location?.ToString());
        Assert.Equal(
            $$"""
            {"id":"{{id}}","paymentId":"{{payment}}","amount":40.00,"currency":"USD","status":"pending",
            "reason":"requested_by_customer","failureReason":null,
            "createdAt":{{refund.GetProperty("createdAt").GetRawText()}},"settledAt":null,
            "traceId":{{refund.GetProperty("traceId").GetRawText()}}}
            """.ReplaceLineEndings(""),
            refund.GetRawText());
        Assert.Equal(40_00, await ReservedAsync(payment));
        Assert.Equal(
            ("refund", 40_00L, "REF-ONE", true),
            Assert.Single(await fixture.Database.QueryAsync<(string, long, string, bool)>("""
                SELECT kind, amount, payer_account, payee_account = 'clearing/' || to_char(division, 'FM00')
                FROM recon_jobs WHERE id = @id AND payment_id = @payment AND status = 'pending'
                """, new { id, payment })));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("""{"amount":null,"reason":null}""")]
    public async Task Without_an_amount_all_that_is_left_is_refunded(string? body)
    {
        var payment = await fixture.PaidAsync("REF-REST", 100);
        using var part = await fixture.Client.RefundAsync(payment, RefundRequests.Part);

        using var rest = await fixture.Client.RefundAsync(payment, body);

        Assert.Equal("60.00", (await rest.ReadAsync()).GetProperty("amount").GetRawText());
        Assert.Equal((422, "refund_exceeds_remaining"), await fixture.Client.RefundAsync(payment).RefusalAsync());
    }

    [Fact]
    public async Task A_payment_with_a_discrepancy_is_refundable_up_to_the_whole_amount_that_was_posted()
    {
        var payment = await fixture.Client.PayAsync("REF-ODD", 250.13m);
        await Settlement.CompleteAsync(fixture.Database, payment, discrepancy: 13);

        using var response = await fixture.Client.RefundAsync(payment, """{"amount":"250.13"}""");

        Assert.Equal(201, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("pending")]
    [InlineData("failed")]
    [InlineData("cancelled")]
    public async Task A_payment_that_was_not_completed_cannot_be_refunded(string status)
    {
        var payment = await fixture.Client.PayAsync("REF-STATE", 100);
        if (status == "failed")
        {
            await Settlement.FailAsync(fixture.Database, payment, "of_the_test");
        }
        else if (status == "cancelled")
        {
            using var _ = await fixture.Client.PostAsync(
                $"/payments/{payment}/cancel", body: null, PaymentRequests.NewKey());
        }

        Assert.Equal((409, "payment_not_refundable"), await fixture.Client.RefundAsync(payment).RefusalAsync());
    }

    // Each body breaks one rule.
    [Theory]
    [InlineData("""{"amount":0}""", 422, "unprocessable")]
    [InlineData("""{"amount":-1}""", 422, "unprocessable")]
    [InlineData("""{"amount":0.001}""", 422, "unprocessable")]
    [InlineData("""{"amount":0.0000000000000000001}""", 422, "unprocessable")]
    [InlineData("""{"amount":1e30}""", 422, "unprocessable")]
    [InlineData("""{"reason":"regret"}""", 422, "unprocessable")]
    [InlineData("""{"amount":100.01}""", 422, "refund_exceeds_remaining")]
    [InlineData("""{"amount":1e15}""", 422, "refund_exceeds_remaining")]
    [InlineData("""{"amount":true}""", 400, "invalid_request")]
    [InlineData("""{"reason":1}""", 400, "invalid_request")]
    [InlineData("""{"amount":1,"amount":1}""", 400, "invalid_request")]
    [InlineData("""{"currency":"USD"}""", 400, "invalid_request")]
    [InlineData("""{"idempotencyKey":"k"}""", 400, "invalid_request")]
    [InlineData("[]", 400, "invalid_request")]
    [InlineData("{}{}", 400, "invalid_json")]
    [InlineData("{", 400, "invalid_json")]
    public async Task What_is_refused_leaves_nothing_behind_and_its_key_free(string body, int status, string code)
    {
        var payment = await fixture.PaidAsync("REF-REFUSED", 100);
        var key = PaymentRequests.NewKey();

        Assert.Equal((status, code), await fixture.Client.RefundAsync(payment, body, key).RefusalAsync());

        Assert.Equal(0, await ReservedAsync(payment));
        using var corrected = await fixture.Client.RefundAsync(payment, RefundRequests.Part, key);
        Assert.Equal(201, (int)corrected.StatusCode);
    }

    [Fact]
    public async Task An_unknown_payment_is_404_and_a_request_without_a_key_400()
    {
        var payment = await fixture.PaidAsync("REF-KEY", 100);

        Assert.Equal((404, "payment_not_found"), await fixture.Client.RefundAsync(Guid.Empty).RefusalAsync());
        Assert.Equal(
            (404, "payment_not_found"),
            await fixture.Client.PostAsync("/payments/seven/refunds", null, "k").RefusalAsync());
        Assert.Equal(
            (400, "idempotency_key_missing"),
            await fixture.Client.PostAsync($"/payments/{payment}/refunds", RefundRequests.Part, null).RefusalAsync());
    }

    [Fact]
    public async Task Of_twenty_refunds_of_a_tenth_at_once_exactly_ten_succeed()
    {
        var payment = await fixture.PaidAsync("REF-RACE", 100);
        await using var second = ApiServer.Start(fixture.Database.AppConnectionString);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            (i % 2 == 0 ? fixture.Client : second.Client).RefundAsync(payment, """{"amount":10.00}""")));

        Assert.Equal(10, answers.Count(answer => (int)answer.StatusCode == 201));
        foreach (var refused in answers.Where(answer => (int)answer.StatusCode != 201))
        {
            Assert.Equal((422, "refund_exceeds_remaining"), await Task.FromResult(refused).RefusalAsync());
        }

        Assert.Equal((100_00L, 10L, 10L), Assert.Single(await fixture.Database.QueryAsync<(long, long, long)>("""
            SELECT p.refunded_amount, (SELECT count(*) FROM refunds WHERE payment_id = p.id),
                (SELECT count(*) FROM recon_jobs WHERE payment_id = p.id AND kind = 'refund')
            FROM payments AS p WHERE p.id = @payment
            """, new { payment })));
    }

    [Fact]
    public async Task Of_many_refunds_of_the_whole_at_once_one_succeeds()
    {
        var payment = await fixture.PaidAsync("REF-WHOLE", 100);

        var answers = await Task.WhenAll(Enumerable.Range(0, 15).Select(_ => fixture.Client.RefundAsync(payment)));

        Assert.Single(answers, answer => (int)answer.StatusCode == 201);
        Assert.Equal(14, answers.Count(answer => (int)answer.StatusCode == 422));
    }

    [Theory]
    [InlineData("body")]
    [InlineData("header")]
    [InlineData("both")]
    public async Task A_transaction_is_refunded_with_the_key_in_the_body_or_in_the_header(string place)
    {
        var payment = await fixture.PaidAsync("REF-V1", 100);
        var key = PaymentRequests.NewKey();
        var member = place == "header" ? "" : $",\"idempotencyKey\":\"{key}\"";
        var address = $"/api/v1/transactions/{payment}/refund";

        using var first = await fixture.Client.PostAsync(
            address, $$"""{"amount":25{{member}}}""", place == "body" ? null : key);
        using var again = await fixture.Client.PostAsync(
            address, $$"""{"amount":25.0,"idempotencyKey":"{{key}}"}""", null);

        Assert.Equal((201, 201), ((int)first.StatusCode, (int)again.StatusCode));
        Assert.Equal(first.Headers.Location, again.Headers.Location);
        Assert.Equal(25_00, await ReservedAsync(payment));
    }

    [Fact]
    public async Task A_transaction_is_not_refunded_without_a_key_or_with_two_that_differ()
    {
        var payment = await fixture.PaidAsync("REF-V1-KEYS", 100);
        var address = $"/api/v1/transactions/{payment}/refund";

        Assert.Equal(
            (400, "idempotency_key_missing"), await fixture.Client.PostAsync(address, "{}", null).RefusalAsync());
        Assert.Equal(
            (400, "idempotency_key_invalid"),
            await fixture.Client.PostAsync(address, """{"idempotencyKey":"one"}""", "two").RefusalAsync());
        Assert.Equal(
            (400, "idempotency_key_invalid"),
            await fixture.Client.PostAsync(address, """{"idempotencyKey":""}""", null).RefusalAsync());
        Assert.Equal(0, await ReservedAsync(payment));
    }

    [Fact]
    public async Task Refunds_are_listed_newest_first_by_pages_and_found_by_their_ids()
    {
        var payment = await fixture.PaidAsync("REF-LIST", 100);
        var other = await fixture.PaidAsync("REF-LIST", 100);
        using var foreign = await fixture.Client.RefundAsync(other);
        var foreignId = (await foreign.ReadAsync()).GetProperty("id").GetString();
        for (var i = 1; i <= 5; i++)
        {
            using var _ = await fixture.Client.RefundAsync(
                payment, string.Create(CultureInfo.InvariantCulture, $$"""{"amount":{{i}}}"""));
        }

        var list = $"/payments/{payment}/refunds";
        var first = await fixture.Client.GetJsonAsync(list + "?limit=3");
        var last = first.GetProperty("data")[2].GetProperty("id").GetString();
        var second = await fixture.Client.GetJsonAsync($"{list}?limit=3&starting_after={last}");
        var back = await fixture.Client.GetJsonAsync($"{list}?limit=1&ending_before={last}");

        Assert.Equal(["5.00", "4.00", "3.00"], Amounts(first), StringComparer.Ordinal);
        Assert.Equal(["2.00", "1.00"], Amounts(second), StringComparer.Ordinal);
        Assert.Equal(["4.00"], Amounts(back), StringComparer.Ordinal);
        Assert.True(first.GetProperty("has_more").GetBoolean());
        var refund = await fixture.Client.GetJsonAsync($"/refunds/{last}");
        Assert.Equal(refund.GetRawText(), (await fixture.Client.GetJsonAsync($"{list}/{last}")).GetRawText());
        Assert.Equal("3.00", refund.GetProperty("amount").GetRawText());
        Assert.Equal((404, "refund_not_found"), await GetAsync($"{list}/{foreignId}"));
        Assert.Equal((404, "refund_not_found"), await GetAsync($"/refunds/{payment}"));
        Assert.Equal((400, "invalid_cursor"), await GetAsync($"{list}?starting_after={foreignId}"));
        Assert.Equal((404, "payment_not_found"), await GetAsync($"/payments/{Guid.Empty}/refunds"));
    }

    private static IEnumerable<string> Amounts(JsonElement list) =>
        list.GetProperty("data").EnumerateArray().Select(refund => refund.GetProperty("amount").GetRawText());

    private Task<(int Status, string Code)> GetAsync(string address) =>
        fixture.Client.GetAsync(address, TestContext.Current.CancellationToken).RefusalAsync();

    private Task<long> ReservedAsync(Guid payment) => fixture.Database.ScalarAsync<long>(
        "SELECT refunded_amount FROM payments WHERE id = @payment", new { payment });
}
