using System.Net;
using Microsoft.AspNetCore.Components;
using Payments.Web.Alerts;

namespace Payments.Web.Tests.Alerts;

public sealed class AlertsPageTests
{
    private const string TargetsPath = "/api/admin/webhooks";
    private const string DeliveriesPath = "/api/admin/webhooks/deliveries";
    private const string TargetId = "019a0000-0000-7000-8000-000000000001";
    private const string DeliveryId = "019a0000-0000-7000-8000-000000000002";

    private const string Delivery = """
        {"id":"019a0000-0000-7000-8000-000000000002","eventId":"msg_1","eventType":"reconciliation.exception.opened",
         "exceptionId":"019a0000-0000-7000-8000-000000000003","targetId":"019a0000-0000-7000-8000-000000000001",
          "targetUrl":"https://hooks.example.com/a",
         "status":"failed","attempts":10,"replays":1,"lastStatusCode":500,"lastError":"The answer <was> 500.",
         "createdAt":"2026-03-01T10:00:00Z","nextAttemptAt":null,"finishedAt":"2026-03-04T10:00:00Z"}
        """;

    [Fact]
    public async Task While_the_alerts_are_fetched_the_page_says_so()
    {
        var api = new FakeApi();
        api.HoldsBack(TargetsPath);
        api.HoldsBack(DeliveriesPath);

        await using var screen = await Screen.BeginAsync<AlertsPage>(api, "/alerts");

        Assert.Contains("Loading the targets…", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_fetch_of_either_part_shows_the_detail()
    {
        var api = new FakeApi()
            .Answers(TargetsPath, Answers.EmptyList)
            .Answers(DeliveriesPath, Answers.Unavailable, HttpStatusCode.ServiceUnavailable);

        await using var screen = await Screen.OpenAsync<AlertsPage>(api, "/alerts");

        Assert.Contains("The database cannot be reached.", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_target_the_page_says_what_that_means()
    {
        var api = new FakeApi().Answers(TargetsPath, Answers.EmptyList).Answers(DeliveriesPath, Answers.EmptyList);

        await using var screen = await Screen.OpenAsync<AlertsPage>(api, "/alerts");

        Assert.Contains("told to nobody until there is one", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_page_shows_targets_and_deliveries_and_their_text_is_never_markup()
    {
        await using var screen = await Screen.OpenAsync<AlertsPage>(Full(), "/alerts");

        var html = await screen.HtmlAsync();
        Assert.All(
            ["https://hooks.example.com/a", "The desk &#xB7; Opened, Resolved", "The answer &lt;was&gt; 500.",
                "10 (1 replayed)", "href=\"/exceptions/019a0000-0000-7000-8000-000000000003\"", "badge is-bad",
                "badge is-good", "href=\"/alerts?after=" + DeliveryId],
            shown => Assert.Contains(shown, html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_new_secret_is_shown_until_it_is_put_away()
    {
        var api = Full().Answers($"{TargetsPath}/{TargetId}/secret/rotate", Target(""", "secret":"whsec_once" """));
        await using var screen = await Screen.OpenAsync<AlertsPage>(api, "/alerts");

        await screen.ClickAsync("rotate " + TargetId);

        var html = await screen.HtmlWithAsync("whsec_once");
        Assert.Contains("it is shown once", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_is_tested_and_disabled_and_a_delivery_is_replayed_under_a_key_each()
    {
        var api = Full()
            .Answers($"{TargetsPath}/{TargetId}/test", Delivery, HttpStatusCode.Accepted)
            .Answers($"{TargetsPath}/{TargetId}", Target())
            .Answers($"{DeliveriesPath}/{DeliveryId}/replay", Delivery, HttpStatusCode.Accepted);
        await using var screen = await Screen.OpenAsync<AlertsPage>(api, "/alerts");

        await screen.ClickAsync("test " + TargetId);
        await screen.HtmlWithAsync("A test event is on its way.");
        await screen.ClickAsync("toggle " + TargetId);
        await screen.HtmlWithAsync("The target is disabled.");
        await screen.ClickAsync("replay " + DeliveryId);
        await screen.HtmlWithAsync("The event is sent again.");

        Assert.All(
            api.Received.Where(received => received.Request.Method == HttpMethod.Post),
            received => Assert.True(received.Request.Headers.Contains("Idempotency-Key")));
        Assert.Equal(
            """{"enabled":false}""",
            api.Received.Single(received => received.Request.Method == HttpMethod.Patch).Body);
    }

    [Theory]
    [InlineData("test " + TargetId, $"{TargetsPath}/{TargetId}/test")]
    [InlineData("rotate " + TargetId, $"{TargetsPath}/{TargetId}/secret/rotate")]
    [InlineData("replay " + DeliveryId, $"{DeliveriesPath}/{DeliveryId}/replay")]
    [InlineData("Replay a week's failures", DeliveriesPath + "/replay")]
    public async Task What_may_have_been_done_is_not_called_refused_and_is_sent_again_under_the_same_key(
        string button, string path)
    {
        var api = Full().IsUnreachableAt(path);
        await using var screen = await Screen.OpenAsync<AlertsPage>(api, "/alerts");

        await screen.ClickTwiceUnansweredAsync(button);

        api.ShouldHaveSentTwiceTheSameTo(path);
    }

    [Fact]
    public async Task A_target_that_may_have_been_disabled_is_not_said_to_be_as_it_was()
    {
        var api = Full().IsUnreachableAt($"{TargetsPath}/{TargetId}");
        await using var screen = await Screen.OpenAsync<AlertsPage>(api, "/alerts");

        await screen.ClickAsync("toggle " + TargetId);

        await screen.HtmlWithAsync("Not known to be done");
    }

    // A secret is in the first answer to a key and in no other.
    [Fact]
    public async Task A_secret_whose_answer_was_lost_is_not_shown_and_another_one_is_advised()
    {
        const string Path = $"{TargetsPath}/{TargetId}/secret/rotate";
        var api = Full().Answers(Path, Target(""", "secret":"whsec_once" """));
        await using var screen = await Screen.OpenAsync<AlertsPage>(api, "/alerts");
        await screen.ClickAsync("rotate " + TargetId);
        await screen.HtmlWithAsync("whsec_once");

        api.Answers(Path, Target());
        await screen.ClickAsync("rotate " + TargetId);

        var html = await screen.HtmlWithAsync("rotate once more for one that you see");
        Assert.Contains("whsec_once", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_that_may_have_been_added_is_added_again_under_the_same_key()
    {
        var api = Full();
        await using var screen = await Screen.OpenAsync<AlertsPage>(api, "/alerts");
        await screen.RaiseAsync("id", "url", "oninput", new ChangeEventArgs { Value = "https://hooks.example.com/a" });

        api.IsUnreachableAt(TargetsPath);
        await screen.RaiseAsync("class", "create-form", "onsubmit", EventArgs.Empty);
        await screen.HtmlWithAsync("Not known to be added");
        api.Answers(TargetsPath, Target());
        await screen.RaiseAsync("class", "create-form", "onsubmit", EventArgs.Empty);

        await screen.HtmlWithAsync("rotate it for one that you see");
        api.ShouldHaveSentTwiceTheSameTo(TargetsPath);
    }

    [Theory]
    [InlineData(0, false, "None had failed or was cancelled.")]
    [InlineData(1, false, "1 is sent again.")]
    [InlineData(2000, true, "2,000 are sent again, and there are more: replay once more.")]
    public async Task A_replay_of_many_says_how_many_and_whether_that_was_all(int count, bool hasMore, string told)
    {
        var api = Full().Answers(
            DeliveriesPath + "/replay", $$"""{"replayed":{{count}},"hasMore":{{(hasMore ? "true" : "false")}}}""");
        await using var screen = await Screen.OpenAsync<AlertsPage>(api, "/alerts");

        await screen.ClickAsync("Replay a week's failures");
        await screen.ClickAsync("Replay a week's failures: yes");

        await screen.HtmlWithAsync(told);
    }

    [Fact]
    public async Task What_came_of_an_action_is_told_only_on_the_page_where_it_was_asked_for()
    {
        const string Path = $"{TargetsPath}/{TargetId}/test";
        const string Told = "A test event is on its way.";
        var api = Full().Answers(Path, Delivery);
        await using var screen = await Screen.OpenAsync<AlertsPage>(api, "/alerts");

        await screen.ClickAsync("test " + TargetId);
        await screen.HtmlWithAsync(Told);
        await screen.GoToAsync("/alerts?status=failed");
        var elsewhere = await screen.HtmlWithAsync("aria-current=\"page\">Failed");
        var answer = api.HoldsBack(Path);
        var click = screen.ClickAsync("test " + TargetId);
        await screen.GoToAsync("/alerts?status=pending");
        answer(Delivery);
        await click;

        Assert.DoesNotContain(Told, elsewhere, StringComparison.Ordinal);
        Assert.DoesNotContain(Told, await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    private static FakeApi Full() => new FakeApi()
        .Answers(TargetsPath, Answers.ListOf(Target(), hasMore: false))
        .Answers(DeliveriesPath, Answers.ListOf(Delivery, hasMore: true));

    private static string Target(string more = "") => $$"""
        {"id":"{{TargetId}}","url":"https://hooks.example.com/a","description":"The desk",
         "eventTypes":["reconciliation.exception.opened","reconciliation.exception.resolved"],"enabled":true,
         "disabledReason":null,"disabledAt":null,"origin":"api","createdBy":"ann","createdAt":"2026-03-01T09:00:00Z",
         "updatedAt":"2026-03-01T09:00:00Z","lastSuccessAt":null,"lastFailureAt":null,"restingUntil":null{{more}}}
        """;
}
