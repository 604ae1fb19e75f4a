using System.Net;
using Payments.Web.Accounts;
using Payments.Web.Live;

namespace Payments.Web.Tests.Accounts;

public sealed class AccountPageTests
{
    private const string BalancePath = "/accounts/ACC-001/balance";
    private const string EntriesPath = "/api/v1/accounts/ACC-001/ledger";

    private static readonly Dictionary<string, object?> Parameters =
        new(StringComparer.Ordinal) { ["AccountId"] = "ACC-001" };

    [Fact]
    public async Task While_the_account_is_fetched_the_page_says_so()
    {
        var api = new FakeApi();
        api.HoldsBack(BalancePath);
        api.HoldsBack(EntriesPath);

        await using var screen = await Screen.BeginAsync<AccountPage>(api, "/accounts/ACC-001", Parameters);

        Assert.Contains("Loading the balance…", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_fetch_of_either_part_shows_the_detail()
    {
        var api = new FakeApi()
            .Answers(BalancePath, Answers.Balance)
            .Answers(EntriesPath, Answers.Unavailable, HttpStatusCode.ServiceUnavailable);

        await using var screen = await Screen.OpenAsync<AccountPage>(api, "/accounts/ACC-001", Parameters);

        Assert.Contains("The database cannot be reached.", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_account_appears_when_its_first_payment_settles()
    {
        var api = new FakeApi()
            .Answers(BalancePath, Answers.NotFound, HttpStatusCode.NotFound)
            .Answers(EntriesPath, Answers.NotFound, HttpStatusCode.NotFound);
        await using var screen = await Screen.OpenAsync<AccountPage>(api, "/accounts/ACC-001", Parameters);
        Assert.Contains("No such account", await screen.HtmlAsync(), StringComparison.Ordinal);

        api.Answers(BalancePath, Answers.Balance).Answers(EntriesPath, Answers.Entries);
        screen.Feed.Publish(Changes.Accounts);

        await screen.HtmlWithAsync("1,234,567.10");
    }

    [Fact]
    public async Task A_full_account_shows_balance_pending_available_version_and_entries()
    {
        var api = new FakeApi().Answers(BalancePath, Answers.Balance).Answers(EntriesPath, Answers.Entries);

        await using var screen = await Screen.OpenAsync<AccountPage>(
            api, "/accounts/ACC-001?currency=USD", Parameters);

        var html = await screen.HtmlAsync();
        Assert.All(
            ["1,234,567.10", "1,234,562.10", "5.00", "1 Mar 2026 10:00:00.500", "/payments/" + Answers.PaymentId,
                "/accounts/ACC-001?currency=USD&amp;after=12-7"],
            shown => Assert.Contains(shown, html, StringComparison.Ordinal));
        Assert.All(
            api.Received,
            received => Assert.Contains("currency=USD", received.Request.RequestUri!.Query, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_queued_each_way_and_the_minimum_balance_are_told_apart_and_files_are_offered()
    {
        var api = new FakeApi().Answers(BalancePath, Answers.LimitedBalance).Answers(EntriesPath, Answers.EmptyList);

        await using var screen = await Screen.OpenAsync<AccountPage>(api, "/accounts/ACC-001", Parameters);

        var html = WebUtility.HtmlDecode(await screen.HtmlAsync());
        Assert.All(
            ["7.25", "8.00", "92.00", "\u221250.00", "href=\"/accounts/ACC-001/ledger.csv?currency=USD\"",
                "action=\"/accounts/ACC-001/statement.csv\""],
            shown => Assert.Contains(shown, html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_account_without_entries_says_so()
    {
        var api = new FakeApi().Answers(BalancePath, Answers.Balance).Answers(EntriesPath, Answers.EmptyList);

        await using var screen = await Screen.OpenAsync<AccountPage>(api, "/accounts/ACC-001", Parameters);

        Assert.Contains("No entries yet.", await screen.HtmlAsync(), StringComparison.Ordinal);
    }
}
