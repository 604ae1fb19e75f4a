using System.Net;
using Microsoft.AspNetCore.Components;
using Payments.Web.Live;
using Payments.Web.Payments;

namespace Payments.Web.Tests.Payments;

public sealed class PaymentsPageTests
{
    [Fact]
    public async Task While_the_list_is_fetched_the_page_says_so()
    {
        var api = new FakeApi();
        api.HoldsBack("/payments");

        await using var screen = await Screen.BeginAsync<PaymentsPage>(api, "/");

        Assert.Contains("Loading payments…", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_fetch_shows_the_detail_and_the_trace_id()
    {
        var api = new FakeApi().Answers("/payments", Answers.Unavailable, HttpStatusCode.ServiceUnavailable);

        await using var screen = await Screen.OpenAsync<PaymentsPage>(api, "/");

        var html = await screen.HtmlAsync();
        Assert.Contains("The database cannot be reached.", html, StringComparison.Ordinal);
        Assert.Contains(Answers.TraceId, html, StringComparison.Ordinal);
        Assert.Contains("Try again", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/", "No payments yet")]
    [InlineData("/?status=failed", "No payment matches")]
    public async Task An_empty_list_tells_what_can_be_done(string address, string told)
    {
        var api = new FakeApi().Answers("/payments", Answers.EmptyList);

        await using var screen = await Screen.OpenAsync<PaymentsPage>(api, address);

        Assert.Contains(told, await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_payment_shows_its_amount_status_and_account_and_its_text_is_never_markup()
    {
        var api = new FakeApi().Answers("/payments", Answers.ListOf(Answers.Payment("completed")));

        await using var screen = await Screen.OpenAsync<PaymentsPage>(api, "/");

        var html = await screen.HtmlAsync();
        Assert.Contains("<span>250.13</span>", html, StringComparison.Ordinal);
        Assert.Contains("badge is-good", html, StringComparison.Ordinal);
        Assert.Contains("href=\"/accounts/ACC-001?currency=USD\"", html, StringComparison.Ordinal);
        Assert.Contains("Two &lt;b&gt;seats&lt;/b&gt;", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Filters_of_the_address_reach_the_api_and_stay_in_the_links_of_the_pages()
    {
        var api = new FakeApi().Answers("/payments", Answers.ListOf(Answers.Payment("failed"), hasMore: true));

        await using var screen = await Screen.OpenAsync<PaymentsPage>(api, "/?account=ACC-001&status=failed");

        Assert.True(api.Received.TryDequeue(out var received));
        Assert.Equal("/payments?accountId=ACC-001&status=failed&limit=25", received.Request.RequestUri!.PathAndQuery);
        Assert.Contains(
            $"href=\"/?account=ACC-001&amp;status=failed&amp;after={Answers.PaymentId}\"",
            await screen.HtmlAsync(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_status_changes_in_place_when_a_signal_arrives()
    {
        var api = new FakeApi().Answers("/payments", Answers.ListOf(Answers.Payment("pending")));
        await using var screen = await Screen.OpenAsync<PaymentsPage>(api, "/");
        Assert.Contains("badge is-waiting", await screen.HtmlAsync(), StringComparison.Ordinal);

        api.Answers("/payments", Answers.ListOf(Answers.Payment("completed")));
        screen.Feed.Publish(Changes.Payments);

        Assert.Contains("is-changed", await screen.HtmlWithAsync("badge is-good"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_refresh_keeps_the_list_and_says_that_it_is_old()
    {
        var api = new FakeApi().Answers("/payments", Answers.ListOf(Answers.Payment("pending")));
        await using var screen = await Screen.OpenAsync<PaymentsPage>(api, "/");

        api.IsUnreachableAt("/payments");
        screen.Feed.Publish(Changes.Payments);

        Assert.Contains("badge is-waiting", await screen.HtmlWithAsync("Not refreshed:"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_form_sends_a_payment_once_and_links_to_it()
    {
        var api = new FakeApi().Answers("/payments", Answers.EmptyList);
        await using var screen = await Screen.OpenAsync<PaymentsPage>(api, "/");
        await screen.RaiseAsync("id", "accountId", "oninput", new ChangeEventArgs { Value = "ACC-001" });
        await screen.RaiseAsync("id", "amount", "oninput", new ChangeEventArgs { Value = "250.13" });

        api.Creates(Answers.Payment());
        await screen.RaiseAsync("class", "create-form", "onsubmit", EventArgs.Empty);
        await screen.RaiseAsync("class", "create-form", "onsubmit", EventArgs.Empty);

        Assert.Single(api.Received, received => received.Request.Method == HttpMethod.Post);
    }

    [Fact]
    public async Task The_form_beside_it_sends_a_transfer_once_and_links_to_it()
    {
        var api = new FakeApi().Answers("/payments", Answers.EmptyList);
        await using var screen = await Screen.OpenAsync<PaymentsPage>(api, "/");
        await screen.RaiseAsync("id", "transfer-source", "oninput", new ChangeEventArgs { Value = "ACC-001" });
        await screen.RaiseAsync("id", "transfer-destination", "oninput", new ChangeEventArgs { Value = "ACC-002" });
        await screen.RaiseAsync("id", "transfer-amount", "oninput", new ChangeEventArgs { Value = "5.00" });

        api.Answers("/api/v1/transactions", Answers.Accepted, HttpStatusCode.Accepted);
        await screen.RaiseAsync("class", "create-form transfer-form", "onsubmit", EventArgs.Empty);
        Assert.Contains("href=\"/payments/" + Answers.PaymentId, await screen.HtmlAsync(), StringComparison.Ordinal);
        await screen.RaiseAsync("class", "create-form transfer-form", "onsubmit", EventArgs.Empty);

        Assert.Single(api.Received, received => received.Request.Method == HttpMethod.Post);
    }
}
