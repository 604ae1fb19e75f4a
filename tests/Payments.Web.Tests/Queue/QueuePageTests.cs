using System.Net;
using Payments.Web.Live;
using Payments.Web.Queue;
using static Payments.Web.Tests.Queue.QueueAnswers;

namespace Payments.Web.Tests.Queue;

public sealed class QueuePageTests
{
    private const string StatsPath = "/api/v1/queue/stats";
    private const string LettersPath = "/api/v1/queue/dead-letters";

    private const string Letter = """
        {"id":"019a0000-0000-7000-8000-000000000001","paymentId":"019a0000-0000-7000-8000-000000000001",
         "kind":"payment","accountId":"ACC-001","payerAccountId":null,"amount":250.13,"currency":"USD","attempts":7,
         "failures":5,"lastError":"bigint <out> of range","lastWorker":"host-1","createdAt":"2026-03-01T10:00:00Z",
         "buriedAt":"2026-03-01T10:05:00Z","redrives":1}
        """;

    [Fact]
    public async Task While_the_queue_is_fetched_the_page_says_so()
    {
        var api = new FakeApi();
        api.HoldsBack(StatsPath);
        api.HoldsBack(LettersPath);

        await using var screen = await Screen.BeginAsync<QueuePage>(api, "/queue");

        Assert.Contains("Loading the queue…", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_fetch_of_either_part_shows_the_detail()
    {
        var api = new FakeApi()
            .Answers(StatsPath, Stats())
            .Answers(LettersPath, Answers.Unavailable, HttpStatusCode.ServiceUnavailable);

        await using var screen = await Screen.OpenAsync<QueuePage>(api, "/queue");

        Assert.Contains("The database cannot be reached.", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_queue_without_dead_letters_and_workers_says_so()
    {
        var api = new FakeApi().Answers(StatsPath, Stats(workers: "")).Answers(LettersPath, Answers.EmptyList);

        await using var screen = await Screen.OpenAsync<QueuePage>(api, "/queue");

        var html = await screen.HtmlAsync();
        Assert.Contains("No worker runs", html, StringComparison.Ordinal);
        Assert.Contains("None. A payment that fails", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Redrive all", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_queue_shows_its_figures_its_workers_and_its_dead_letters_and_their_text_is_never_markup()
    {
        var api = Full();

        await using var screen = await Screen.OpenAsync<QueuePage>(api, "/queue");

        var html = await screen.HtmlAsync();
        Assert.All(
            ["12,345", "2 min 5 s", "1,234 settled in the last minute", "host-1-abc", "badge is-good",
                "ACC-STUCK USD", "bigint &lt;out&gt; of range", "7 (1 redriven)", "/payments/" + Answers.PaymentId,
                "href=\"/queue?after=" + Answers.PaymentId],
            shown => Assert.Contains(shown, html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_is_paused_before_it_is_confirmed()
    {
        var api = Full().Answers("/api/v1/queue/pause", Control);
        await using var screen = await Screen.OpenAsync<QueuePage>(api, "/queue");

        await screen.ClickAsync("Pause the queue");
        Assert.Contains("nothing is settled until it is resumed", await screen.HtmlAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(api.Received, received => received.Request.Method == HttpMethod.Post);

        api.Answers(StatsPath, Stats(pause: """{"paused":true,"pausedAt":"2026-03-01T10:00:00Z","pausedBy":"ann"}"""));
        await screen.ClickAsync("Pause the queue: yes");

        var html = await screen.HtmlWithAsync("The queue pauses.");
        Assert.Contains("<strong>Paused</strong> by ann", html, StringComparison.Ordinal);
        Assert.Contains("Resume the queue…", html, StringComparison.Ordinal);
        var sent = api.Received.Single(received => received.Request.Method == HttpMethod.Post);
        Assert.Equal("""{"workerId":null,"reason":null}""", sent.Body);
    }

    [Fact]
    public async Task The_keyboard_goes_on_where_it_was_asked_and_comes_back_when_it_was_not_meant()
    {
        await using var screen = await Screen.OpenAsync<QueuePage>(Full(), "/queue");

        await screen.ClickAsync("Pause the queue");
        Assert.Equal("Pause the queue: yes", await screen.FocusedAsync());
        await screen.ClickAsync("Pause the queue: no");

        Assert.Equal("Pause the queue", await screen.FocusedAsync());
    }

    [Fact]
    public async Task Who_is_about_to_pause_what_somebody_else_has_paused_does_not_resume_it_by_the_same_button()
    {
        var api = Full();
        await using var screen = await Screen.OpenAsync<QueuePage>(api, "/queue");

        await screen.ClickAsync("Pause the queue");
        api.Answers(StatsPath, Stats(pause: """{"paused":true,"pausedAt":"2026-03-01T10:00:00Z","pausedBy":"ann"}"""));
        screen.Feed.Publish(Changes.Payments);

        var html = await screen.HtmlWithAsync("Resume the queue…");
        Assert.DoesNotContain(": yes", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_can_be_agreed_to_while_something_else_is_under_way()
    {
        var api = Full();
        var answer = api.HoldsBack($"{LettersPath}/{Answers.PaymentId}/redrive");
        await using var screen = await Screen.OpenAsync<QueuePage>(api, "/queue");

        await screen.ClickAsync("Pause the queue");
        var redrive = screen.ClickAsync("redrive " + Answers.PaymentId);
        await screen.HtmlWithAsync("name=\"Pause the queue: yes\" disabled");
        answer("""{"redriven":1}""");
        await redrive;

        Assert.DoesNotContain(
            "name=\"Pause the queue: yes\" disabled", await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_is_paused_by_its_id()
    {
        var api = Full().Answers("/api/v1/queue/pause", Control);
        await using var screen = await Screen.OpenAsync<QueuePage>(api, "/queue");

        await screen.ClickAsync("toggle host-1-abc");

        await screen.HtmlWithAsync("host-1-abc pauses.");
        var sent = api.Received.Single(received => received.Request.Method == HttpMethod.Post);
        Assert.Equal("""{"workerId":"host-1-abc","reason":null}""", sent.Body);
    }

    [Fact]
    public async Task A_dead_letter_is_redriven_alone_or_with_all_others_when_that_is_confirmed()
    {
        var api = Full()
            .Answers($"{LettersPath}/{Answers.PaymentId}/redrive", """{"redriven":1}""")
            .Answers($"{LettersPath}/redrive", """{"redriven":3}""");
        await using var screen = await Screen.OpenAsync<QueuePage>(api, "/queue");

        await screen.ClickAsync("redrive " + Answers.PaymentId);
        await screen.HtmlWithAsync("1 put back into the queue.");
        await screen.ClickAsync("Redrive all");
        await screen.ClickAsync("Redrive all: yes");
        await screen.HtmlWithAsync("3 put back into the queue.");
    }

    [Fact]
    public async Task A_refused_change_shows_why()
    {
        var api = Full().Answers(
            "/api/v1/queue/pause",
            """
            {"title":"Lacks","status":403,"detail":"The API key needs the scope queue:admin.",
             "code":"insufficient_scope"}
            """,
            HttpStatusCode.Forbidden);
        await using var screen = await Screen.OpenAsync<QueuePage>(api, "/queue");

        await screen.ClickAsync("toggle host-1-abc");

        await screen.HtmlWithAsync("The API key needs the scope queue:admin.");
    }

    [Theory]
    [InlineData("Pause the queue", "/api/v1/queue/pause")]
    [InlineData("toggle host-1-abc", "/api/v1/queue/pause")]
    [InlineData("Redrive all", LettersPath + "/redrive")]
    [InlineData("redrive " + Answers.PaymentId, $"{LettersPath}/{Answers.PaymentId}/redrive")]
    public async Task What_may_have_been_done_is_not_called_refused_and_is_sent_again_under_the_same_key(
        string button, string path)
    {
        var api = Full().IsUnreachableAt(path);
        await using var screen = await Screen.OpenAsync<QueuePage>(api, "/queue");

        await screen.ClickTwiceUnansweredAsync(button);

        api.ShouldHaveSentTwiceTheSameTo(path);
    }

    [Fact]
    public async Task A_dead_letter_that_died_again_is_redriven_anew()
    {
        const string Path = $"{LettersPath}/{Answers.PaymentId}/redrive";
        var api = Full().IsUnreachableAt(Path);
        await using var screen = await Screen.OpenAsync<QueuePage>(api, "/queue");
        var diedAgain = Letter.Replace("\"redrives\":1", "\"redrives\":2", StringComparison.Ordinal);

        await screen.ClickAsync("redrive " + Answers.PaymentId);
        api.Answers(LettersPath, Answers.ListOf(diedAgain));
        screen.Feed.Publish(Changes.Payments);
        await screen.HtmlWithAsync("7 (2 redriven)");
        await screen.ClickAsync("redrive " + Answers.PaymentId);

        Assert.Equal(2, api.Keys().Count);
    }

    [Fact]
    public async Task A_signal_refreshes_the_figures()
    {
        var api = Full();
        await using var screen = await Screen.OpenAsync<QueuePage>(api, "/queue");

        api.Answers(StatsPath, Stats(depth: 54_321));
        screen.Feed.Publish(Changes.Payments);

        await screen.HtmlWithAsync("54,321");
    }

    private const string Control =
        """{"pause":{"paused":true,"pausedAt":"2026-03-01T10:00:00Z","pausedBy":"ann","reason":null},"workers":[]}""";

    private static FakeApi Full() => new FakeApi()
        .Answers(StatsPath, Stats())
        .Answers(LettersPath, Answers.ListOf(Letter, hasMore: true));
}
