using System.Net;
using Microsoft.AspNetCore.Components;
using Payments.Web.Flows;
using Payments.Web.Live;

namespace Payments.Web.Tests.Flows;

public sealed class FlowsPageTests
{
    private const string Path = "/api/v1/deposits";
    private const string Id = "019a0000-0000-7000-8000-000000000001";

    [Fact]
    public async Task While_flows_are_fetched_the_page_says_so()
    {
        var api = new FakeApi();
        api.HoldsBack(Path);

        await using var screen = await Screen.BeginAsync<FlowsPage>(api, "/flows");

        Assert.Contains("Loading deposits…", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_fetch_shows_the_detail()
    {
        var api = new FakeApi().Answers(Path, Answers.Unavailable, HttpStatusCode.ServiceUnavailable);

        await using var screen = await Screen.OpenAsync<FlowsPage>(api, "/flows");

        Assert.Contains("The database cannot be reached.", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("deposits", "New deposit", "No deposits yet")]
    [InlineData("conversions", "Amount in USD", "No conversions yet")]
    [InlineData("withdrawals", "New withdrawal", "Reserved")]
    public async Task Each_kind_has_its_form_and_says_when_there_is_none(string kind, string form, string empty)
    {
        var api = new FakeApi().Answers("/api/v1/" + kind, Answers.EmptyList);

        await using var screen = await OpenAsync(api, kind);

        var html = await screen.HtmlAsync();
        Assert.Contains(form, html, StringComparison.Ordinal);
        Assert.Contains(empty, html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kind_that_does_not_exist_says_so()
    {
        await using var screen = await OpenAsync(new FakeApi(), "loans");

        Assert.Contains("There are no such flows", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Flows_show_their_amounts_states_and_references_and_text_is_never_markup()
    {
        var api = new FakeApi()
            .Answers(Path, Answers.ListOf(Deposit(), hasMore: true))
            .Answers("/api/v1/conversions", Answers.ListOf(Conversion));

        await using var deposits = await OpenAsync(api, "deposits");
        await using var conversions = await OpenAsync(api, "conversions");

        var html = await deposits.HtmlAsync();
        Assert.All(
            ["12.345600", "USDC", "Pending", "0x&lt;b&gt;", "/accounts/ACC-001?currency=USDC",
                $"/flows/deposits?after={Id}"],
            shown => Assert.Contains(shown, html, StringComparison.Ordinal));
        var converted = await conversions.HtmlAsync();
        Assert.All(
            ["100.500000", "99.90", "Insufficient funds", "1.5 s"],
            shown => Assert.Contains(shown, converted, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_deposit_is_completed_when_that_is_confirmed()
    {
        var api = new FakeApi()
            .Answers(Path, Answers.ListOf(Deposit()))
            .Answers($"{Path}/{Id}/complete", Deposit("completed"));
        await using var screen = await OpenAsync(api, "deposits");

        await screen.ClickAsync($"complete {Id}");
        Assert.DoesNotContain(api.Received, received => received.Request.Method == HttpMethod.Post);
        api.Answers(Path, Answers.ListOf(Deposit("completed")));
        await screen.ClickAsync($"complete {Id}: yes");

        await screen.HtmlWithAsync("The deposit of ACC-001 is completed.");
        await screen.HtmlWithAsync("badge is-good");
    }

    [Fact]
    public async Task A_deposit_fails_for_a_reason_that_is_entered()
    {
        var api = new FakeApi()
            .Answers(Path, Answers.ListOf(Deposit()))
            .Answers(
                $"{Path}/{Id}/fail",
                """{"title":"Ended","status":409,"detail":"The deposit is completed already.","code":"flow_ended"}""",
                HttpStatusCode.Conflict);
        await using var screen = await OpenAsync(api, "deposits");

        await screen.ClickAsync($"fail {Id}");
        await screen.RaiseAsync(
            "name", $"reason {Id}", "oninput", new ChangeEventArgs { Value = " never seen " });
        await screen.RaiseAsync("aria-label", "Fail the deposit", "onsubmit", EventArgs.Empty);

        await screen.HtmlWithAsync("The deposit is completed already.");
        var sent = api.Received.Single(received => received.Request.Method == HttpMethod.Post);
        Assert.Equal("""{"reason":"never seen"}""", sent.Body);
    }

    [Theory]
    [InlineData("complete", $"complete {Id}: yes")]
    [InlineData("fail", $"reason {Id}")]
    public async Task The_keyboard_goes_on_where_an_end_is_asked_about_and_comes_back_when_it_was_not_meant(
        string end, string asked)
    {
        await using var screen = await OpenAsync(new FakeApi().Answers(Path, Answers.ListOf(Deposit())), "deposits");

        await screen.ClickAsync($"{end} {Id}");
        Assert.Equal(asked, await screen.FocusedAsync());
        await screen.ClickAsync($"keep {Id}");

        Assert.Equal($"{end} {Id}", await screen.FocusedAsync());
    }

    // An end takes no key: a flow ends once by itself.
    [Fact]
    public async Task A_deposit_that_may_have_been_completed_is_not_said_to_be_as_it_was()
    {
        var api = new FakeApi().Answers(Path, Answers.ListOf(Deposit())).IsUnreachableAt($"{Path}/{Id}/complete");
        await using var screen = await OpenAsync(api, "deposits");

        await screen.ClickAsync($"complete {Id}");
        await screen.ClickAsync($"complete {Id}: yes");

        Assert.Contains(
            "it is done at most once", await screen.HtmlWithAsync("Not known to be done"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_sends_only_the_members_of_its_kind_under_one_key_until_it_is_created()
    {
        var api = new FakeApi().Answers("/api/v1/conversions", Answers.Unavailable, HttpStatusCode.ServiceUnavailable);
        var draft = new FlowDraft(FlowKind.Conversion, TimeProvider.System)
        {
            AccountId = " ACC-001 ",
            Amount = "1.50",
        };

        await draft.SendAsync(api.Client());
        var key = draft.IdempotencyKey;
        api.Answers("/api/v1/conversions", Conversion, HttpStatusCode.Created);
        await draft.SendAsync(api.Client());

        Assert.NotNull(draft.Created);
        Assert.NotEqual(key, draft.IdempotencyKey);
        Assert.All(api.Received, received =>
        {
            Assert.Equal(
                """{"accountId":"ACC-001","usdcAmount":1.50,"reference":null,"description":null}""", received.Body);
            Assert.Equal($"\"{key}\"", received.Request.Headers.GetValues("Idempotency-Key").Single());
        });
    }

    [Theory]
    [InlineData("", "1", "", "accountId")]
    [InlineData("A", "", "", "usdcAmount")]
    [InlineData("A", "1,5", "", "usdcAmount")]
    [InlineData("A", "1", "x", "usdAmount")]
    public async Task A_draft_that_cannot_be_written_is_not_sent(
        string account, string amount, string usd, string member)
    {
        var api = new FakeApi();
        var draft = new FlowDraft(FlowKind.Conversion, TimeProvider.System)
        {
            AccountId = account,
            Amount = amount,
            UsdAmount = usd,
        };

        await draft.SendAsync(api.Client());

        Assert.NotNull(draft.ErrorOf(member));
        Assert.Empty(api.Received);
    }

    [Fact]
    public async Task A_signal_refreshes_the_list()
    {
        var api = new FakeApi().Answers(Path, Answers.ListOf(Deposit()));
        await using var screen = await OpenAsync(api, "deposits");

        api.Answers(Path, Answers.ListOf(Deposit("completed")));
        screen.Feed.Publish(Changes.Flows);

        await screen.HtmlWithAsync("badge is-good");
    }

    private const string Conversion = """
        {"id":"019a0000-0000-7000-8000-000000000002","accountId":"ACC-001","usdcAmount":100.500000,"usdAmount":99.90,
         "status":"failed","reference":null,"description":null,"failureReason":"insufficient_funds",
         "createdAt":"2026-03-01T10:00:00Z","completedAt":"2026-03-01T10:00:01.5Z","traceId":null}
        """;

    private static string Deposit(string status = "pending") => $$"""
        {"id":"{{Id}}","accountId":"ACC-001","amount":12.345600,"currency":"USDC","status":"{{status}}",
         "reference":"0x<b>","description":null,"failureReason":null,"createdAt":"2026-03-01T10:00:00Z",
         "completedAt":null,"traceId":null}
        """;

    private static Task<Screen> OpenAsync(FakeApi api, string kind) => Screen.OpenAsync<FlowsPage>(
        api, "/flows/" + kind, new(StringComparer.Ordinal) { [nameof(FlowsPage.Path)] = kind });
}
