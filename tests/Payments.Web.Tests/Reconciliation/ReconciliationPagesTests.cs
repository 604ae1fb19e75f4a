using Microsoft.AspNetCore.Components;
using Payments.Web.Live;
using Payments.Web.Reconciliation;
using static Payments.Web.Tests.Reconciliation.DeskAnswers;

namespace Payments.Web.Tests.Reconciliation;

public sealed class ReconciliationPagesTests
{
    [Fact]
    public async Task The_page_shows_the_last_checks_the_providers_and_the_runs()
    {
        await using var screen = await Screen.OpenAsync<ReconciliationPage>(Full(), "/reconciliation");

        var html = await screen.HtmlAsync();
        Assert.All(
            ["Deposits", "Two deposits have no entries.", "is-bad-text\">", "badge is-bad", "Circle", "25.0 s",
                "/reconciliation/reports/" + ReportId, "1 unresolved", "1 of 7 checks"],
            shown => Assert.Contains(shown, html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_difference_that_is_tolerated_is_not_shown_as_a_break()
    {
        var runs = List(ManualRun.Replace("\"failed_checks\":1", "\"failed_checks\":0", StringComparison.Ordinal));
        var differing = Full().Answers(Admin + "/reports", runs);
        var agreeing = Full().Answers(Admin + "/reports", runs)
            .Answers(
                $"{Admin}/reports/{ReportId}", RunWith(Check.Replace("failed", "passed", StringComparison.Ordinal)))
            .Answers(Admin + "/providers", List(Provider.Replace("differs", "agrees", StringComparison.Ordinal)));

        await using var failed = await Screen.OpenAsync<ReconciliationPage>(differing, "/reconciliation");
        await using var passed = await Screen.OpenAsync<ReconciliationPage>(agreeing, "/reconciliation");

        Assert.True(await ShowsAsync(failed, "is-bad-text"));
        Assert.False(await ShowsAsync(passed, "is-bad-text"));
        Assert.True(await ShowsAsync(passed, "40.000000"));
    }

    [Fact]
    public async Task A_run_is_asked_for_under_a_key_and_its_progress_is_shown()
    {
        var api = Full().Answers(Admin + "/run", $$"""
            {"report_id":"{{ReportId}}","run_type":"manual","status":"pending","created_at":"2026-03-01T10:00:00Z",
            "url":"{{Admin}}/reports/{{ReportId}}"}
            """);
        await using var screen = await Screen.OpenAsync<ReconciliationPage>(api, "/reconciliation");

        await screen.ClickAsync("run");

        await screen.HtmlWithAsync("A manual run is under way");
        var sent = api.Received.Single(received => received.Request.Method == HttpMethod.Post);
        Assert.Equal("""{"run_type":"manual"}""", sent.Body);
        Assert.True(sent.Request.Headers.Contains("Idempotency-Key"));
    }

    [Fact]
    public async Task A_signal_of_reconciliation_refreshes_the_page()
    {
        var api = Full();
        await using var screen = await Screen.OpenAsync<ReconciliationPage>(api, "/reconciliation");

        api.Answers(Admin + "/reports", List(ManualRun.Replace("in_progress", "completed", StringComparison.Ordinal)));
        screen.Feed.Publish(Changes.Reconciliation);

        await screen.HtmlWithAsync("badge is-good");
    }

    [Fact]
    public async Task The_desk_shows_exceptions_and_their_text_is_never_markup()
    {
        await using var screen = await Screen.OpenAsync<ExceptionsPage>(Full(), "/exceptions?status=unresolved");

        var html = await screen.HtmlAsync();
        Assert.All(
            ["#7 Missing entries", "A deposit of &lt;ACC-001&gt; has no entries.", "24×", "overdue",
                "/exceptions/" + Id, "Corrections that wait for a second person", "Rebuild account row"],
            shown => Assert.Contains(shown, html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_desk_shows_what_is_to_be_done_unless_something_else_is_asked_for()
    {
        var api = Full();
        await using var screen = await Screen.OpenAsync<ExceptionsPage>(api, "/exceptions");

        var sent = api.Received.Single(
            received => received.Request.RequestUri!.AbsolutePath == Admin + "/exceptions").Request.RequestUri!.Query;
        Assert.StartsWith("?unresolved=true&", sent, StringComparison.Ordinal);
        Assert.Contains(
            "<a href=\"/exceptions?status=unresolved\" aria-current=\"page\">", await screen.HtmlAsync(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exception_says_by_which_runs_it_was_seen_and_how_often()
    {
        await using var screen = await OpenExceptionAsync(
            Full(OpenException.Replace("\"sightings\":24", "\"sightings\":1", StringComparison.Ordinal)));

        var html = await screen.HtmlAsync();
        Assert.Contains("</time> by <a", html, StringComparison.Ordinal);
        Assert.Contains(">once</dd>", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chosen_exceptions_are_acknowledged_together()
    {
        var api = Full().Answers(
            Admin + "/exceptions/bulk",
            """{"action":"acknowledge","changed":1,"unchanged":0,"refused":0,"results":[]}""");
        await using var screen = await Screen.OpenAsync<ExceptionsPage>(api, "/exceptions");

        await screen.RaiseAsync("name", "choose 7", "onchange", new ChangeEventArgs());
        await screen.HtmlWithAsync("1 chosen");
        await screen.ClickAsync("acknowledge chosen");

        await screen.HtmlWithAsync("1 changed.");
        var sent = api.Received.Single(received => received.Request.Method == HttpMethod.Post);
        Assert.Equal(
            $$"""
            {"action":"acknowledge","ids":["{{Id}}"],"assignee":null,"text":null,"resolved_by":null,"notes":null}
            """, sent.Body);
    }

    [Fact]
    public async Task An_exception_shows_its_evidence_and_its_story()
    {
        await using var screen = await OpenExceptionAsync(Full());

        var html = await screen.HtmlAsync();
        Assert.All(
            ["#7 Missing entries", "still there", "ACC-001", "Opened", "reconciliation", "Post an adjustment",
                "name=\"resolve\" disabled"],
            shown => Assert.Contains(shown, html, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/exceptions")]
    [InlineData("/exceptions/" + Id)]
    public async Task Who_proposed_a_correction_is_told_that_it_needs_a_second_person_and_may_take_it_back(
        string address)
    {
        var own = Proposal.Replace("developer", Screen.Operator, StringComparison.Ordinal);
        await using var ofAnother = await OpenAsync(Full(), address);
        await using var ofOneself = await OpenAsync(Full(adjustment: own), address);

        Assert.Equal(
            (true, false),
            (await ShowsAsync(ofAnother, ">Approve</button>"), await ShowsAsync(ofAnother, "Needs a second person")));
        Assert.Equal(
            (false, true, true),
            (await ShowsAsync(ofOneself, ">Approve</button>"), await ShowsAsync(ofOneself, "Needs a second person"),
                await ShowsAsync(ofOneself, ">Take back</button>")));
    }

    [Theory]
    [InlineData("""{"assignee":"berta"}""", "anna to berta: Hers.")]
    [InlineData("""{"assignee":null}""", "anna to nobody: Hers.")]
    public async Task The_story_says_by_whom_and_to_whom_an_exception_was_assigned(string details, string shown)
    {
        await using var screen = await OpenExceptionAsync(Full().Answers(ExceptionPath, WithStory($$"""
            {"created_at":"2026-03-01T10:00:00Z","kind":"assigned","actor":"anna","text":"Hers.","details":{{details}} }
            """)));

        Assert.Contains($">{shown}</p>", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_are_shown_are_chosen_by_one_control_and_let_go_by_it()
    {
        await using var screen = await Screen.OpenAsync<ExceptionsPage>(Full(), "/exceptions");
        Assert.Contains(
            "<span>Choose all</span></label>", await screen.HtmlAsync(), StringComparison.Ordinal);

        await screen.RaiseAsync("name", "choose all", "onchange", new ChangeEventArgs());
        await screen.HtmlWithAsync("1 chosen");
        await screen.RaiseAsync("name", "choose all", "onchange", new ChangeEventArgs());

        Assert.False(await ShowsAsync(screen, "1 chosen"));
    }

    // The same exception is shown on both, but nobody chose it on the second.
    [Theory]
    [InlineData("/exceptions?after=" + Id)]
    [InlineData("/exceptions?severity=high")]
    public async Task What_was_chosen_is_let_go_with_the_page_or_the_filter_that_showed_it(string address)
    {
        await using var screen = await Screen.OpenAsync<ExceptionsPage>(Full(), "/exceptions");
        await screen.RaiseAsync("name", "choose 7", "onchange", new ChangeEventArgs());
        await screen.HtmlWithAsync("1 chosen");

        await screen.GoToAsync(address);

        await screen.HtmlWithAsync("Choose exception 7");
        Assert.False(await ShowsAsync(screen, "1 chosen"));
    }

    [Fact]
    public async Task An_exception_is_resolved_with_notes_and_the_version_that_was_seen()
    {
        var api = Full().Answers($"{Admin}/exceptions/{Id}/resolve", OpenException);
        await using var screen = await OpenExceptionAsync(api);

        await screen.RaiseAsync(
            "name", "notes", "oninput", new ChangeEventArgs { Value = "Looked into it." });
        await screen.ClickAsync("resolve");

        await screen.HtmlWithAsync("Done.");
        var sent = api.Received.Single(received => received.Request.Method == HttpMethod.Put);
        Assert.Equal("""{"resolved_by":null,"notes":"Looked into it.","version":3}""", sent.Body);
    }

    [Fact]
    public async Task A_run_shows_its_checks_and_the_exceptions_that_it_saw()
    {
        await using var screen = await OpenRunAsync(Full());

        var html = await screen.HtmlAsync();
        Assert.All(
            ["Manual run", "#7", "Exceptions that it saw", "Two deposits have no entries."],
            shown => Assert.Contains(shown, html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_could_not_be_fetched_again_is_shown_as_it_was_and_says_so()
    {
        var api = Full().Answers(Admin + "/checks", List(Check));
        await using var run = await OpenRunAsync(api);
        await using var check = await Screen.OpenAsync<CheckHistoryPage>(
            api, "/reconciliation/checks/deposits", new() { ["CheckType"] = "deposits" });

        api.IsUnreachableAt($"{Admin}/reports/{ReportId}").IsUnreachableAt(Admin + "/checks");
        run.Feed.Publish(Changes.Reconciliation);
        check.Feed.Publish(Changes.Reconciliation);

        Assert.Contains("Two deposits have", await run.HtmlWithAsync("Not refreshed:"), StringComparison.Ordinal);
        Assert.Contains("Two deposits have", await check.HtmlWithAsync("Not refreshed:"), StringComparison.Ordinal);
    }

    // What a link leads to is told by its heading, to which the focus goes at once.
    [Fact]
    public async Task A_run_and_an_exception_have_a_heading_before_they_have_come()
    {
        var api = new FakeApi();
        api.HoldsBack(ExceptionPath);
        api.HoldsBack($"{Admin}/reports/{ReportId}");

        await using var run = await Screen.BeginAsync<ReportPage>(
            api, "/reconciliation/reports/" + ReportId, new() { ["Id"] = Guid.Parse(ReportId) });
        await using var exception = await Screen.BeginAsync<ExceptionPage>(
            api, "/exceptions/" + Id, new() { ["Id"] = Guid.Parse(Id) });

        Assert.Contains("<h1 tabindex=\"-1\">Run</h1>", await run.HtmlAsync(), StringComparison.Ordinal);
        Assert.Contains("<h1 tabindex=\"-1\">Exception</h1>", await exception.HtmlAsync(), StringComparison.Ordinal);
    }

    private static Task<Screen> OpenRunAsync(FakeApi api) => Screen.OpenAsync<ReportPage>(
        api, "/reconciliation/reports/" + ReportId, new() { ["Id"] = Guid.Parse(ReportId) });

    private static Task<Screen> OpenAsync(FakeApi api, string address) => address == "/exceptions"
        ? Screen.OpenAsync<ExceptionsPage>(api, address)
        : OpenExceptionAsync(api);

    private static async Task<bool> ShowsAsync(Screen screen, string text) =>
        (await screen.HtmlAsync()).Contains(text, StringComparison.Ordinal);

    private static Task<Screen> OpenExceptionAsync(FakeApi api) => Screen.OpenAsync<ExceptionPage>(
        api, "/exceptions/" + Id, new() { ["Id"] = Guid.Parse(Id) });
}
