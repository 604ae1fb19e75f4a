using Payments.Api.Tests.Refunds;

namespace Payments.Api.Tests.Flows;

public sealed class ConversionTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Path = FlowRequests.Conversions;

    private HttpClient Client => fixture.Client;

    [Fact]
    public async Task A_worker_converts_what_the_account_has_to_the_cent()
    {
        await Client.DepositedAsync("CONV-1", 100.5m);
        await using var worker = SettlingWorker.Start(fixture.Database, ("Duties:PollSeconds", "0.1"));
        var conversion = await Client.RecordedAsync(Path, "CONV-1", 100.5m);
        var id = conversion.GetProperty("id").GetGuid();
        Assert.Equal("pending", conversion.GetProperty("status").GetString());
        Assert.Equal(100.5m, conversion.GetProperty("usdAmount").GetDecimal());

        await fixture.Database.UntilAsync("SELECT status <> 'pending' FROM conversion_jobs WHERE id = @id", new { id });

        Assert.Equal("completed", (await Client.GetJsonAsync($"{Path}/{id}")).GetProperty("status").GetString());
        Assert.Equal(
            ["CONV-1 -100500000 USDC", "usdc_buffer 100500000 USDC", "fiat_exposure -10050 USD", "CONV-1 10050 USD"],
            await fixture.Database.EntriesAsync(id));
        Assert.Equal(
            (0, 100.5m), (await Client.BalanceAsync("CONV-1", "USDC"), await Client.BalanceAsync("CONV-1")));
        await Books.ShouldBeRightAsync(fixture.Database);
    }

    [Fact]
    public async Task Recording_it_adds_its_duty_once_whatever_is_repeated()
    {
        var key = PaymentRequests.NewKey();
        const string Body = """{"accountId":"CONV-DUTY","usdcAmount":1.000001,"usdAmount":0.99}""";
        using var first = await Client.RecordAsync(Path, Body, key);
        using var again = await Client.RecordAsync(Path, Body, key);

        var id = (await first.ReadAsync()).GetProperty("id").GetGuid();
        Assert.Equal(id, (await again.ReadAsync()).GetProperty("id").GetGuid());
        Assert.Equal(
            1L,
            await fixture.Database.ScalarAsync<long>(
                """
                SELECT count(*) FROM duties
                WHERE kind = 'conversion.execute' AND arguments ->> 'conversionId' = @id
                """,
                new { id = id.ToString() }));
    }

    [Theory]
    [InlineData("""{"accountId":"A","usdcAmount":1.001}""", "not_exactly_convertible")]
    [InlineData("""{"accountId":"A","usdcAmount":0.000001}""", "not_exactly_convertible")]
    [InlineData("""{"accountId":"A","usdcAmount":1,"usdAmount":0.001}""", "too_many_decimals")]
    [InlineData("""{"accountId":"A","usdcAmount":1,"usdAmount":0}""", "amount_not_positive")]
    [InlineData("""{"accountId":"A","usdcAmount":0}""", "amount_not_positive")]
    [InlineData("""{"accountId":"usdc_buffer","usdcAmount":1}""", "reserved_account")]
    public async Task What_cannot_be_converted_exactly_is_refused(string body, string code)
    {
        using var response = await Client.RecordAsync(Path, body);

        Assert.Equal(422, (int)response.StatusCode);
        var error = Assert.Single((await response.ReadAsync()).GetProperty("errors").EnumerateArray());
        Assert.Equal(code, error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_conversion_is_not_ended_by_hand()
    {
        var id = (await Client.RecordedAsync(Path, "CONV-HAND", 1)).GetProperty("id").GetGuid();

        Assert.Equal((404, "not_found"), await Client.CompleteAsync(Path, id).RefusalAsync());
    }

    [Fact]
    public async Task The_count_of_the_troubleshooting_guide_works()
    {
        await Client.RecordedAsync(Path, "CONV-SQL", 1);

        var counts = await fixture.Database.QueryAsync<(string Status, long Count)>(
            "SELECT status, COUNT(*) FROM conversion_jobs GROUP BY status");

        Assert.Contains(counts, count => count is { Status: "pending", Count: > 0 });
    }
}
