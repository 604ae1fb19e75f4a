using Payments.Api.Accounts;

namespace Payments.Api.Tests.Accounts;

public sealed class ListAccountsTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task Accounts_are_listed_by_name_page_by_page_without_repeats_or_gaps()
    {
        await OpenAsync("page-1", "Page-2", "page-3", "PAGE-4", "page-5");

        var first = await ListAsync("search=page&limit=2");
        await OpenAsync("page-0", "page-35");
        var second = await ListAsync("search=page&limit=3&starting_after=" + first.Last);
        var third = await ListAsync("search=page&limit=3&starting_after=" + second.Last);
        var back = await ListAsync("search=page&limit=2&ending_before=" + third.Last);

        Assert.Equal(["page-1", "Page-2"], first.Names);
        Assert.Equal(["page-3", "page-35", "PAGE-4"], second.Names);
        Assert.Equal(["page-5"], third.Names);
        Assert.Equal(["page-35", "PAGE-4"], back.Names);
        Assert.Equal((true, true, false), (first.HasMore, second.HasMore, third.HasMore));
    }

    [Fact]
    public async Task A_search_finds_what_names_begin_with_whatever_the_capitals_and_takes_no_wildcards()
    {
        await OpenAsync("find_me", "FindXme", "dont-find_me");

        Assert.Equal(["find_me", "FindXme"], (await ListAsync("search=FIND")).Names);
        Assert.Equal(["find_me"], (await ListAsync("search=find_")).Names);
        Assert.Empty((await ListAsync("search=%25find")).Names);
    }

    [Fact]
    public async Task Accounts_are_filtered_by_currency_and_those_of_the_system_are_not_listed()
    {
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("money", 1, "USD"));
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("money", 2, "CHF"));

        Assert.Equal(["money"], (await ListAsync("search=money&currency=CHF")).Names);
        Assert.Equal(["money", "money"], (await ListAsync("search=money")).Names);
        Assert.Empty((await ListAsync("search=clearing")).Names);
    }

    [Fact]
    public async Task A_search_reads_the_names_that_it_finds_and_no_others()
    {
        await fixture.Database.ExecuteAsync(
            "INSERT INTO accounts (name, currency) SELECT 'plan-' || i, 'USD' FROM generate_series(1, 5000) AS i");
        await fixture.Database.ExecuteAsync("ANALYZE accounts");

        await using var session = await fixture.Database.App.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var plan = await session.PlanAsync(ListAccounts.ForwardsSql, new
        {
            search = "plan-77",
            currency = (string?)null,
            name = "plan-770",
            Id = 0L,
            count = 11,
        });

        Assert.Contains("accounts_listed", plan, StringComparison.Ordinal);
        Assert.Contains("lower(name) < 'plan-78'", plan, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("currency=usd", "invalid_request")]
    [InlineData("name=x", "invalid_request")]
    [InlineData("starting_after=0", "invalid_cursor")]
    [InlineData("starting_after=x", "invalid_cursor")]
    public async Task What_is_wrong_with_the_query_is_refused(string query, string code)
    {
        using var response = await fixture.Client.GetAsync(
            "/accounts?" + query, TestContext.Current.CancellationToken);

        Assert.Equal((400, code), ((int)response.StatusCode, await response.CodeAsync()));
    }

    private async Task OpenAsync(params string[] names)
    {
        foreach (var name in names)
        {
            using var response = await fixture.Client.PostJsonAsync("/accounts", $$"""{"accountId":"{{name}}"}""");
            Assert.Equal(201, (int)response.StatusCode);
        }
    }

    private async Task<(List<string?> Names, string? Last, bool HasMore)> ListAsync(string query)
    {
        var list = await fixture.Client.GetJsonAsync("/api/v1/accounts?" + query);
        var data = list.GetProperty("data").EnumerateArray().ToList();
        return (data.ConvertAll(account => account.GetProperty("accountId").GetString()),
            data.Count == 0 ? null : data[^1].GetProperty("id").GetString(),
            list.GetProperty("has_more").GetBoolean());
    }
}
