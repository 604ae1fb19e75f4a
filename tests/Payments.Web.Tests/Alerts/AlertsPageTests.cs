using System.Net;
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
