namespace Payments.Api.Tests.Accounts;

public sealed class OpenAccountTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Theory]
    [InlineData("/accounts", "ACC-OPEN")]
    [InlineData("/api/v1/accounts", "ACC-OPEN-V1")]
    public async Task An_account_is_opened_with_its_minimum_balance(string address, string name)
    {
        using var response = await fixture.Client.PostJsonAsync(
            address, $$"""{"accountId":"{{name}}","currency":"JPY","minimumBalance":-500}""");

        Assert.Equal(201, (int)response.StatusCode);
        var account = await response.ReadAsync();
        Assert.Equal(
            (name, "JPY", "-500", "0", JsonValueKind.Null),
            (account.GetProperty("accountId").GetString(), account.GetProperty("currency").GetString(),
                account.GetProperty("minimumBalance").GetRawText(), account.GetProperty("balance").GetRawText(),
                account.GetProperty("lastEntryAt").ValueKind));
        var balance = await fixture.Client.GetJsonAsync(response.Headers.Location!.ToString());
        Assert.Equal("-500", balance.GetProperty("minimumBalance").GetRawText());
    }

    [Fact]
    public async Task Opening_it_again_with_the_same_settings_changes_nothing_and_with_others_is_refused()
    {
        const string Body = """{"accountId":"ACC-AGAIN","minimumBalance":"10.00"}""";
        using var first = await fixture.Client.PostJsonAsync("/accounts", Body);
        using var again = await fixture.Client.PostJsonAsync("/accounts", Body);
        using var differs = await fixture.Client.PostJsonAsync("/accounts", """{"accountId":"ACC-AGAIN"}""");
        using var inEuros = await fixture.Client.PostJsonAsync(
            "/accounts", """{"accountId":"ACC-AGAIN","currency":"EUR"}""");

        Assert.Equal((201, 200, 201), ((int)first.StatusCode, (int)again.StatusCode, (int)inEuros.StatusCode));
        Assert.Equal((await first.ReadAsync()).GetRawText(), (await again.ReadAsync()).GetRawText());
        Assert.Equal((409, "account_exists"), ((int)differs.StatusCode, await differs.CodeAsync()));
    }

    [Fact]
    public async Task Many_that_open_one_account_open_it_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => fixture.Client.PostJsonAsync(
            "/accounts", $$"""{"accountId":"ACC-RACED","minimumBalance":{{i % 2}}}""")));

        Assert.Single(answers, answer => (int)answer.StatusCode == 201);
        Assert.Equal(9, answers.Count(answer => (int)answer.StatusCode == 200));
        Assert.Equal(10, answers.Count(answer => (int)answer.StatusCode == 409));
    }

    [Theory]
    [InlineData("{}", 400, "#/accountId:required")]
    [InlineData("{'accountId':null,'balance':1}", 400, "#/accountId:invalid_type #/balance:unknown_member")]
    [InlineData("{'accountId':'clearing'}", 422, "#/accountId:reserved_account")]
    [InlineData("{'accountId':'A','currency':'USD','minimumBalance':1.001}", 422, "#/minimumBalance:too_many_decimals")]
    [InlineData("{'accountId':'A','currency':'US','minimumBalance':true}", 400, "#/minimumBalance:invalid_type")]
    public async Task What_is_wrong_with_a_body_is_named_with_its_place(string body, int status, string errors)
    {
        using var response = await fixture.Client.PostJsonAsync("/accounts", body.Replace('\'', '"'));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(errors, string.Join(' ', (await response.ReadAsync()).GetProperty("errors").EnumerateArray()
            .Select(e => $"{e.GetProperty("pointer").GetString()}:{e.GetProperty("code").GetString()}")));
    }
}
