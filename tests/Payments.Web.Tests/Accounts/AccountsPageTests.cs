using System.Net;
using Microsoft.AspNetCore.Components;
using Payments.Web.Accounts;
using Payments.Web.Live;

namespace Payments.Web.Tests.Accounts;

public sealed class AccountsPageTests
{
    private const string Path = "/accounts";

    [Fact]
    public async Task While_the_list_is_fetched_the_page_says_so()
    {
        var api = new FakeApi();
        api.HoldsBack(Path);

        await using var screen = await Screen.BeginAsync<AccountsPage>(api, Path);

        Assert.Contains("Loading accounts…", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_fetch_shows_the_detail_and_the_trace_id()
    {
        var api = new FakeApi().Answers(Path, Answers.Unavailable, HttpStatusCode.ServiceUnavailable);

        await using var screen = await Screen.OpenAsync<AccountsPage>(api, Path);

        var html = await screen.HtmlAsync();
        Assert.Contains("The database cannot be reached.", html, StringComparison.Ordinal);
        Assert.Contains(Answers.TraceId, html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/accounts", "No accounts yet")]
    [InlineData("/accounts?search=x", "No account matches")]
    public async Task An_empty_list_tells_what_can_be_done(string address, string told)
    {
        var api = new FakeApi().Answers(Path, Answers.EmptyList);

        await using var screen = await Screen.OpenAsync<AccountsPage>(api, address);

        Assert.Contains(told, await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_list_shows_balances_and_keeps_the_search_in_the_links_of_its_pages()
    {
        var api = new FakeApi().Answers(Path, Answers.ListOf(Answers.Account, hasMore: true));

        await using var screen = await Screen.OpenAsync<AccountsPage>(api, "/accounts?search=acc");

        Assert.True(api.Received.TryDequeue(out var received));
        Assert.Equal("/accounts?search=acc&limit=25", received.Request.RequestUri!.PathAndQuery);
        var html = await screen.HtmlAsync();
        Assert.All(
            ["1,234,567.10", "href=\"/accounts/ACC-001?currency=USD\"", "href=\"/accounts?search=acc&amp;after=12\""],
            shown => Assert.Contains(shown, html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_balance_changes_in_place_when_a_signal_arrives()
    {
        var api = new FakeApi().Answers(Path, Answers.ListOf(Answers.Account));
        await using var screen = await Screen.OpenAsync<AccountsPage>(api, Path);

        api.Answers(Path, Answers.ListOf(Answers.Account.Replace("1234567.10", "7.00", StringComparison.Ordinal)));
        screen.Feed.Publish(Changes.Accounts);

        await screen.HtmlWithAsync("<span>7.00</span>");
    }

    [Fact]
    public async Task The_form_opens_an_account_with_its_minimum_balance_and_links_to_it()
    {
        var api = new FakeApi().Answers(Path, Answers.EmptyList);
        await using var screen = await Screen.OpenAsync<AccountsPage>(api, Path);
        await screen.RaiseAsync("id", "accountId", "oninput", new ChangeEventArgs { Value = "ACC-001" });
        await screen.RaiseAsync("id", "minimumBalance", "oninput", new ChangeEventArgs { Value = "-50.00" });

        api.Answers(Path, Answers.Account, HttpStatusCode.Created);
        await screen.RaiseAsync("class", "create-form open-form", "onsubmit", EventArgs.Empty);

        var sent = Assert.Single(api.Received, received => received.Request.Method == HttpMethod.Post);
        Assert.Equal("""{"accountId":"ACC-001","currency":"USD","minimumBalance":-50.00}""", sent.Body);
        Assert.Contains("ACC-001 in USD is open.", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_minimum_balance_that_is_no_amount_is_not_sent()
    {
        var api = new FakeApi();
        var draft = new AccountDraft { AccountId = "ACC-001", MinimumBalance = "1,5" };

        await draft.SendAsync(api.Client());

        Assert.NotNull(draft.ErrorOf("minimumBalance"));
        Assert.Empty(api.Received);
    }
}
