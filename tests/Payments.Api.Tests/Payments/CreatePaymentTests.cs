using System.Net;
using Payments.Ledger.Jobs;

namespace Payments.Api.Tests.Payments;

public sealed class CreatePaymentTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task A_payment_is_answered_after_it_and_its_job_are_stored()
    {
        using var response = await fixture.Client.CreateAsync(
            """{"accountId":"ACC-001","amount":100.00,"description":"Payment description"}""");

        var payment = await response.ReadAsync();
        var id = payment.GetProperty("id").GetGuid();
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal($"/payments/{id}", response.Headers.Location?.ToString());
        Assert.Equal(
            $$"""
            {"id":"{{id}}","accountId":"ACC-001","amount":100.00,"currency":"USD",
            "description":"Payment description","status":"pending","discrepancy":null,"refundedAmount":0.00,
            "failureReason":null,"createdAt":{{payment.GetProperty("createdAt").GetRawText()}},
            "settledAt":null,"traceId":{{payment.GetProperty("traceId").GetRawText()}},
            "payerAccountId":null}
            """.ReplaceLineEndings(""),
            payment.GetRawText());
        Assert.Equal(
            $"10000 USD ACC-001 {Division.Of("ACC-001")} pending",
            await fixture.Database.ScalarAsync<string>(
                """
                SELECT concat_ws(' ', amount, currency, payee_account, division, status)
                FROM recon_jobs WHERE id = @id
                """,
                new { id }));
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("-5", -500)]
    [InlineData("0.13", 13)]
    [InlineData("1e2", 10000)]
    [InlineData("\"100.10\"", 10010)]
    [InlineData("100.100000000000000000000000000000", 10010)]
    [InlineData("10000000000000", 1_000_000_000_000_000)]
    [InlineData("-10000000000000", -1_000_000_000_000_000)]
    public async Task An_amount_is_stored_exactly_also_zero_and_negative_ones(string amount, long minor)
    {
        using var response = await fixture.Client.CreateAsync($$"""{"accountId":"ACC-001","amount":{{amount}}}""");

        Assert.Equal(201, (int)response.StatusCode);
        var id = (await response.ReadAsync()).GetProperty("id").GetGuid();
        Assert.Equal(minor, await fixture.Database.ScalarAsync<long>(
            "SELECT amount FROM payments WHERE id = @id", new { id }));
    }

    [Theory]
    [InlineData("JPY", "500", "500")]
    [InlineData("KWD", "1.5", "1.500")]
    [InlineData("USDC", "0.000001", "0.000001")]
    public async Task An_amount_is_answered_with_the_decimals_of_its_currency(
        string currency, string amount, string shown)
    {
        using var response = await fixture.Client.CreateAsync(
            $$"""{"accountId":"ACC-001","amount":{{amount}},"currency":"{{currency}}"}""");

        Assert.Equal(shown, (await response.ReadAsync()).GetProperty("amount").GetRawText());
    }

    [Theory]
    // The shape of the body: 400.
    [InlineData("", 400, "invalid_json", null, null)]
    [InlineData("{", 400, "invalid_json", null, null)]
    [InlineData("""{"accountId":"A","amount":1} {}""", 400, "invalid_json", null, null)]
    [InlineData("""{"accountId":"A","amount":1,}""", 400, "invalid_json", null, null)]
    [InlineData("""{"accountId":"\ud800","amount":1}""", 400, "invalid_json", null, null)]
    [InlineData("""{"accountId":"A","amount":01}""", 400, "invalid_json", null, null)]
    [InlineData("""[]""", 400, "invalid_request", "#", "invalid_type")]
    [InlineData("""null""", 400, "invalid_request", "#", "invalid_type")]
    [InlineData("""{"amount":1}""", 400, "invalid_request", "#/accountId", "required")]
    [InlineData("""{"accountId":"A"}""", 400, "invalid_request", "#/amount", "required")]
    [InlineData("""{"accountId":null,"amount":1}""", 400, "invalid_request", "#/accountId", "invalid_type")]
    [InlineData("""{"accountId":7,"amount":1}""", 400, "invalid_request", "#/accountId", "invalid_type")]
    [InlineData("""{"accountId":"A","amount":true}""", 400, "invalid_request", "#/amount", "invalid_type")]
    [InlineData("""{"accountId":"A","amount":{"value":1}}""", 400, "invalid_request", "#/amount", "invalid_type")]
    [InlineData("""{"accountId":"A","amount":"ten"}""", 400, "invalid_request", "#/amount", "invalid_type")]
    [InlineData(
        """{"accountId":"A","amount":1,"currency":["USD"]}""",
        400, "invalid_request", "#/currency", "invalid_type")]
    [InlineData("""{"accountId":"A","amount":1,"amount":2}""", 400, "invalid_request", "#/amount", "duplicate_member")]
    [InlineData(
        """{"accountId":"A","amount":1,"am\u006funt":2}""",
        400, "invalid_request", "#/amount", "duplicate_member")]
    [InlineData("""{"accountId":"A","amount":1,"Amount":2}""", 400, "invalid_request", "#/Amount", "unknown_member")]
    [InlineData(
        """{"accountId":"A","amount":1,"a/b~c d":{"x":[1]}}""",
        400, "invalid_request", "#/a~1b~0c%20d", "unknown_member")]
    // Its values: 422.
    [InlineData("""{"accountId":"A","amount":1.001}""", 422, "unprocessable", "#/amount", "too_many_decimals")]
    [InlineData(
        """{"accountId":"A","amount":1.5,"currency":"JPY"}""",
        422, "unprocessable", "#/amount", "too_many_decimals")]
    [InlineData(
        """{"accountId":"A","amount":1.000000000000000000000000000000001}""",
        422, "unprocessable", "#/amount", "too_many_decimals")]
    [InlineData(
        """{"accountId":"A","amount":10000000000000.01}""",
        422, "unprocessable", "#/amount", "amount_too_large")]
    [InlineData("""{"accountId":"A","amount":-1e300}""", 422, "unprocessable", "#/amount", "amount_too_large")]
    [InlineData(
        """{"accountId":"A","amount":1,"currency":"usd"}""",
        422, "unprocessable", "#/currency", "unknown_currency")]
    [InlineData(
        """{"accountId":"A","amount":1,"currency":"ZZZ"}""",
        422, "unprocessable", "#/currency", "unknown_currency")]
    [InlineData("""{"accountId":"","amount":1}""", 422, "unprocessable", "#/accountId", "invalid_account")]
    [InlineData("""{"accountId":"clearing/07","amount":1}""", 422, "unprocessable", "#/accountId", "invalid_account")]
    [InlineData("""{"accountId":"Clearing","amount":1}""", 422, "unprocessable", "#/accountId", "reserved_account")]
    [InlineData(
        """{"accountId":"A","amount":1,"description":"a\u0000b"}""",
        422, "unprocessable", "#/description", "control_character")]
    [InlineData(
        """{"accountId":"A","amount":1,"description":"a\nb"}""",
        422, "unprocessable", "#/description", "control_character")]
    public async Task A_refused_body_names_the_place_and_stores_nothing(
        string body, int status, string code, string? place, string? error)
    {
        var key = PaymentRequests.NewKey();
        using var response = await fixture.Client.CreateAsync(body, key);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(code, await response.CodeAsync());
        if (place is not null)
        {
            var first = (await response.ReadAsync()).GetProperty("errors")[0];
            Assert.Equal(
                (place, error),
                (first.GetProperty("pointer").GetString(), first.GetProperty("code").GetString()));
        }

        using var retry = await fixture.Client.CreateAsync("""{"accountId":"A","amount":1}""", key);
        Assert.Equal(201, (int)retry.StatusCode);
    }

    [Fact]
    public async Task All_faults_of_a_body_are_named_at_once()
    {
        using var response = await fixture.Client.CreateAsync(
            """{"accountId":"!","amount":1.001,"description":"\u0001"}""");

        var pointers = (await response.ReadAsync()).GetProperty("errors").EnumerateArray()
            .Select(error => error.GetProperty("pointer").GetString());
        Assert.Equal("#/accountId #/amount #/description", string.Join(' ', pointers));
    }

    [Fact]
    public async Task A_description_has_at_most_500_characters_however_they_are_encoded()
    {
        var longest = string.Concat(Enumerable.Repeat("😀", 500));

        using var accepted = await fixture.Client.CreateAsync(
            $$"""{"accountId":"A","amount":1,"description":"{{longest}}"}""");
        using var refused = await fixture.Client.CreateAsync(
            $$"""{"accountId":"A","amount":1,"description":"{{longest}}x"}""");

        Assert.Equal(longest, (await accepted.ReadAsync()).GetProperty("description").GetString());
        Assert.Equal(422, (int)refused.StatusCode);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/json; charset=latin1")]
    [InlineData("")]
    public async Task A_body_that_is_not_JSON_in_UTF_8_is_415(string contentType)
    {
        using var response = await fixture.Client.CreateAsync(
            """{"accountId":"A","amount":1}""", contentType: contentType);

        Assert.Equal(415, (int)response.StatusCode);
        Assert.Equal("unsupported_media_type", await response.CodeAsync());
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON;charset=\"UTF-8\"")]
    public async Task The_media_type_may_say_that_it_is_UTF_8(string contentType)
    {
        using var response = await fixture.Client.CreateAsync(
            """{"accountId":"A","amount":1}""", contentType: contentType);

        Assert.Equal(201, (int)response.StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_above_16_KiB_is_413_with_and_without_a_length(bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/payments")
        {
            Content = new StringContent(new string(' ', (16 * 1024) + 1), mediaType: new("application/json")),
        };
        request.Headers.Add("Idempotency-Key", "large");
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(413, (int)response.StatusCode);
        Assert.Equal("body_too_large", await response.CodeAsync());
    }

    [Fact]
    public async Task A_payment_carries_the_trace_of_its_request()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/payments")
        {
            Content = new StringContent("""{"accountId":"A","amount":1}""", mediaType: new("application/json")),
        };
        request.Headers.Add("Idempotency-Key", "traced");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        using var response = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);

        var payment = await response.ReadAsync();
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", payment.GetProperty("traceId").GetString());
        Assert.StartsWith(
            "00-0af7651916cd43dd8448eb211c80319c-",
            await fixture.Database.ScalarAsync<string>(
                "SELECT traceparent FROM recon_jobs WHERE id = @id", new { id = payment.GetProperty("id").GetGuid() }),
            StringComparison.Ordinal);
    }
}
