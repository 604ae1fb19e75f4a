using System.Net;
using Payments.Web.Live;
using Payments.Web.Payments;

namespace Payments.Web.Tests.Payments;

public sealed class PaymentPageTests
{
    private const string Path = "/payments/" + Answers.PaymentId;

    private static readonly Dictionary<string, object?> Parameters = new(StringComparer.Ordinal)
    {
        ["Id"] = Guid.Parse(Answers.PaymentId),
    };

    [Fact]
    public async Task While_the_payment_is_fetched_the_page_says_so()
    {
        var api = new FakeApi();
        api.HoldsBack(Path);

        await using var screen = await Screen.BeginAsync<PaymentPage>(api, Path, Parameters);

        Assert.Contains("Loading the payment…", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_fetch_shows_the_detail_and_the_trace_id()
    {
        var api = new FakeApi().Answers(Path, Answers.Unavailable, HttpStatusCode.ServiceUnavailable);

        await using var screen = await Screen.OpenAsync<PaymentPage>(api, Path, Parameters);

        var html = await screen.HtmlAsync();
        Assert.Contains("The database cannot be reached.", html, StringComparison.Ordinal);
        Assert.Contains(Answers.TraceId, html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_id_is_told_apart_from_a_failure()
    {
        var api = new FakeApi().Answers(Path, Answers.NotFound, HttpStatusCode.NotFound);

        await using var screen = await Screen.OpenAsync<PaymentPage>(api, Path, Parameters);

        Assert.Contains("No payment has this id", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_settled_payment_shows_its_timeline_result_entries_job_and_trace()
    {
        var api = new FakeApi().Answers(Path, Answers.SettledDetails);

        await using var screen = await Screen.OpenAsync<PaymentPage>(api, Path, Parameters);

        var html = WebUtility.HtmlDecode(await screen.HtmlAsync());
        Assert.All(
            ["+1.5 s", "By worker-a, attempt 2", "+100 ms", "Minor part 13", "−250.13", "Balanced", Answers.TraceId],
            shown => Assert.Contains(shown, html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_queued_payment_fills_its_page_when_it_settles()
    {
        var api = new FakeApi().Answers(Path, Answers.PendingDetails);
        await using var screen = await Screen.OpenAsync<PaymentPage>(api, Path, Parameters);
        var queued = await screen.HtmlAsync();
        Assert.Contains("Waiting in the queue", queued, StringComparison.Ordinal);
        Assert.Contains("None yet", queued, StringComparison.Ordinal);

        api.Answers(Path, Answers.SettledDetails);
        screen.Feed.Publish(Changes.Payments);

        await screen.HtmlWithAsync("Balanced");
    }

    [Fact]
    public async Task A_queued_payment_can_be_cancelled_on_its_page()
    {
        var api = new FakeApi().Answers(Path, Answers.PendingDetails);
        await using var screen = await Screen.OpenAsync<PaymentPage>(api, Path, Parameters);
        api.Answers(Path + "/cancel", Answers.TransferDetails).Answers(Path, Answers.TransferDetails);

        await screen.RaiseAsync("class", "button quiet", "onclick", EventArgs.Empty);

        var html = await screen.HtmlWithAsync("badge is-neutral");
        Assert.DoesNotContain("Cancel payment", html, StringComparison.Ordinal);
        Assert.Contains("href=\"/accounts/ACC-001?currency=USD\"", html, StringComparison.Ordinal);
        var sent = Assert.Single(api.Received, received => received.Request.Method == HttpMethod.Post);
        Assert.Equal(
            $"\"{Answers.PaymentId}\"", Assert.Single(sent.Request.Headers.GetValues("Idempotency-Key")));
    }

    [Fact]
    public async Task A_payment_that_was_claimed_first_says_so()
    {
        var api = new FakeApi().Answers(Path, Answers.PendingDetails)
            .Answers(Path + "/cancel", Answers.NotCancellable, HttpStatusCode.Conflict);
        await using var screen = await Screen.OpenAsync<PaymentPage>(api, Path, Parameters);

        await screen.RaiseAsync("class", "button quiet", "onclick", EventArgs.Empty);

        await screen.HtmlWithAsync("A worker has claimed the payment");
    }

    [Fact]
    public async Task A_payment_that_may_have_been_cancelled_is_not_said_to_be_as_it_was()
    {
        var api = new FakeApi().Answers(Path, Answers.PendingDetails).IsUnreachableAt(Path + "/cancel");
        await using var screen = await Screen.OpenAsync<PaymentPage>(api, Path, Parameters);

        await screen.RaiseAsync("class", "button quiet", "onclick", EventArgs.Empty);
        await screen.HtmlWithAsync("Not known to be cancelled");
        await screen.RaiseAsync("class", "button quiet", "onclick", EventArgs.Empty);

        api.ShouldHaveSentTwiceTheSameTo(Path + "/cancel");
    }

    [Fact]
    public async Task A_settled_payment_offers_no_cancelling()
    {
        var api = new FakeApi().Answers(Path, Answers.SettledDetails);

        await using var screen = await Screen.OpenAsync<PaymentPage>(api, Path, Parameters);

        Assert.DoesNotContain("Cancel payment", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_payment_in_the_dead_letters_shows_its_last_error()
    {
        var payment = new PaymentDetails(
            Guid.Empty, "A", 1m, "USD", PaymentStatus.Pending, DateTimeOffset.UnixEpoch,
            Job: new("dead", 5, LastError: "numeric overflow"));

        Assert.Equal(
            new TimelineStep("Stopped: in the dead letters", Progress.Failed, Note: "numeric overflow"),
            TimelineStep.Of(payment)[2]);
    }
}
