namespace Payments.Api.Tests.Transfers;

/// <summary>The API and the worker of the product on one database: from the request to the books.</summary>
public sealed class SettledTransferTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task Money_arrives_moves_on_and_is_refused_where_it_would_break_a_minimum_balance()
    {
        await using var worker = SettlingWorker.Start(fixture.Database);
        using var opened = await fixture.Client.PostJsonAsync(
            "/accounts", """{"accountId":"ACC-WALLET","minimumBalance":0}""");
        Assert.Equal(201, (int)opened.StatusCode);

        await fixture.Client.PayAsync("ACC-WALLET", 50);
        var (_, affordable) = await fixture.Client.TransferAsync("ACC-WALLET", "ACC-SHOP", 30);
        var (tooMuch, refused) = await fixture.Client.TransferAsync("ACC-WALLET", "ACC-SHOP", 30);

        Assert.Equal("COMPLETED", StatusOf(await EndOfAsync(affordable)));
        var failed = await EndOfAsync(refused);
        Assert.Equal("FAILED", StatusOf(failed));
        Assert.Equal(
            "insufficient_funds", failed.GetProperty("result").GetProperty("failureReason").GetString());
        var balance = await fixture.Client.GetJsonAsync("/api/v1/accounts/ACC-WALLET/balance");
        Assert.Equal("20.00", balance.GetProperty("available").GetRawText());
        using var verified = await fixture.Client.PostJsonAsync(
            $"/api/v1/transactions/{tooMuch}/verify-double-entry", "");
        Assert.True((await verified.ReadAsync()).GetProperty("verified").GetBoolean());
        await Books.ShouldBeRightAsync(fixture.Database);
    }

    private async Task<JsonElement> EndOfAsync(string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/transactions/status/" + key);
        request.Headers.Add("Prefer", "wait=30");
        using var response = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        return await response.ReadAsync();
    }

    private static string? StatusOf(JsonElement answer) => answer.GetProperty("status").GetString();
}
