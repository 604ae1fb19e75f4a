using System.Net;
using Microsoft.AspNetCore.Components;
using Payments.Web.Payments;

namespace Payments.Web.Tests.Refunds;

/// <summary>Refunds on the page of their payment.</summary>
public sealed class RefundsTests
{
    private const string Path = "/payments/" + Answers.PaymentId;

    private static readonly Dictionary<string, object?> Parameters = new(StringComparer.Ordinal)
    {
        ["Id"] = Guid.Parse(Answers.PaymentId),
    };

    [Fact]
    public async Task A_payment_shows_its_refunds_and_offers_what_is_left()
    {
        var api = new FakeApi().Answers(Path, Answers.RefundedDetails);

        await using var screen = await Screen.OpenAsync<PaymentPage>(api, Path, Parameters);

        var html = WebUtility.HtmlDecode(await screen.HtmlAsync());
        Assert.All(
            ["Partially refunded", "Succeeded", "Pending", "Insufficient funds", "Requested by customer"],
            shown => Assert.Contains(shown, html, StringComparison.Ordinal));
        Assert.Contains("placeholder=\"200.13\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_payment_that_was_not_completed_offers_no_refund()
    {
        var api = new FakeApi().Answers(Path, Answers.PendingDetails);

        await using var screen = await Screen.OpenAsync<PaymentPage>(api, Path, Parameters);

        Assert.DoesNotContain("refund-form", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_payment_that_was_given_back_whole_says_that_nothing_is_left()
    {
        var api = new FakeApi().Answers(Path, Answers.RefundedDetails
            .Replace("partially_refunded", "refunded", StringComparison.Ordinal));

        await using var screen = await Screen.OpenAsync<PaymentPage>(api, Path, Parameters);

        Assert.Contains("Nothing is left to refund.", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_form_sends_a_refund_once_and_the_page_fetches_it()
    {
        var api = new FakeApi().Answers(Path, Answers.SettledDetails);
        await using var screen = await Screen.OpenAsync<PaymentPage>(api, Path, Parameters);
        await screen.RaiseAsync("id", "refund-amount", "oninput", new ChangeEventArgs { Value = "40" });
        await screen.RaiseAsync("id", "refund-reason", "onchange", new ChangeEventArgs { Value = "duplicate" });

        api.Answers(Path + "/refunds", Answers.Refund(), HttpStatusCode.Created);
        api.Answers(Path, Answers.RefundedDetails);
        await screen.RaiseAsync("class", "create-form refund-form", "onsubmit", EventArgs.Empty);

        await screen.HtmlWithAsync("Partially refunded");
        var (request, body) = Assert.Single(api.Received, received => received.Request.Method == HttpMethod.Post);
        Assert.Equal("""{"amount":40,"reason":"duplicate"}""", body);
        Assert.Single(request.Headers.GetValues("Idempotency-Key"));
        Assert.Contains("40.00 USD", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_is_shown_beside_the_amount_and_a_retry_carries_the_same_key()
    {
        var api = new FakeApi().Answers(Path, Answers.SettledDetails);
        await using var screen = await Screen.OpenAsync<PaymentPage>(api, Path, Parameters);
        api.Answers(
            Path + "/refunds",
            """
            {"type":"/problems/refund-exceeds-remaining","title":"More than is left of the payment","status":422,
             "detail":"Only 40.00 USD of the payment can be refunded.","code":"refund_exceeds_remaining",
             "errors":[{"detail":"must be at most 40.00 USD","pointer":"#/amount","code":"exceeds_remaining"}]}
            """,
            HttpStatusCode.UnprocessableEntity);

        await screen.RaiseAsync("class", "create-form refund-form", "onsubmit", EventArgs.Empty);
        var refused = await screen.HtmlAsync();
        await screen.RaiseAsync("class", "create-form refund-form", "onsubmit", EventArgs.Empty);

        Assert.Contains("must be at most 40.00 USD", refused, StringComparison.Ordinal);
        Assert.Contains("Not refunded", refused, StringComparison.Ordinal);
        var posts = api.Received.Where(received => received.Request.Method == HttpMethod.Post).ToList();
        Assert.Equal(["{\"amount\":null,\"reason\":null}"], posts.Select(post => post.Body).Distinct());
        Assert.Equal(2, posts.Count);
        Assert.Single(posts.Select(post => post.Request.Headers.GetValues("Idempotency-Key").Single()).Distinct());
    }

    [Fact]
    public async Task A_lost_answer_says_that_sending_again_is_safe_and_a_made_refund_starts_the_next()
    {
        var api = new FakeApi().Answers(Path, Answers.SettledDetails);
        await using var screen = await Screen.OpenAsync<PaymentPage>(api, Path, Parameters);

        api.IsUnreachableAt(Path + "/refunds");
        await screen.RaiseAsync("class", "create-form refund-form", "onsubmit", EventArgs.Empty);
        Assert.Contains("refunded at most once", await screen.HtmlAsync(), StringComparison.Ordinal);

        api.Answers(Path + "/refunds", Answers.Refund(), HttpStatusCode.Created);
        await screen.RaiseAsync("class", "create-form refund-form", "onsubmit", EventArgs.Empty);
        await screen.RaiseAsync("class", "create-form refund-form", "onsubmit", EventArgs.Empty);

        var keys = api.Received.Where(received => received.Request.Method == HttpMethod.Post)
            .Select(received => received.Request.Headers.GetValues("Idempotency-Key").Single()).ToList();
        Assert.Equal(keys[0], keys[1]);
        Assert.NotEqual(keys[1], keys[2]);
    }
}
