using System.Net;
using Microsoft.AspNetCore.Components;
using Payments.Web.Reconciliation;

namespace Payments.Web.Tests.Reconciliation;

/// <summary>What a person does is sent under a key, which is kept while it is not known what became of it.</summary>
public sealed class ActionKeyTests
{
    private const string Comments = $"{DeskAnswers.ExceptionPath}/comments";

    [Theory]
    [InlineData("resolve", $"{DeskAnswers.ExceptionPath}/resolve")]
    [InlineData("acknowledge", $"{DeskAnswers.ExceptionPath}/acknowledge")]
    [InlineData("comment", Comments)]
    [InlineData("assign", $"{DeskAnswers.ExceptionPath}/assign")]
    [InlineData("reopen", $"{DeskAnswers.ExceptionPath}/reopen")]
    [InlineData("propose adjustment", $"{DeskAnswers.ExceptionPath}/adjustments")]
    [InlineData($"approve {DeskAnswers.AdjustmentId}", $"{DeskAnswers.AdjustmentPath}/approve")]
    [InlineData($"reject {DeskAnswers.AdjustmentId}", $"{DeskAnswers.AdjustmentPath}/reject")]
    [InlineData($"undo {DeskAnswers.AdjustmentId}", $"{DeskAnswers.AdjustmentPath}/undo")]
    public async Task Whatever_is_done_with_an_exception_is_sent_again_as_it_was_under_the_same_key(
        string button, string path)
    {
        var api = button switch
        {
            "reopen" => DeskAnswers.Full(DeskAnswers.ResolvedException),
            $"undo {DeskAnswers.AdjustmentId}" => DeskAnswers.Full(adjustment: DeskAnswers.PostedAdjustment),
            _ => DeskAnswers.Full(),
        };
        await using var screen = await OpenAsync(api.IsUnreachableAt(path));
        await TypeAsync(screen, "notes", "It was late.");
        await TypeAsync(screen, "assignee", "anna");

        await screen.ClickAsync(button);
        await screen.HtmlWithAsync("Not known to be done");
        await screen.ClickAsync(button);

        api.ShouldHaveSentTwiceTheSameTo(path);
    }

    [Fact]
    public async Task What_is_done_with_several_is_sent_again_as_it_was_under_the_same_key()
    {
        const string Path = DeskAnswers.Admin + "/exceptions/bulk";
        var api = DeskAnswers.Full().IsUnreachableAt(Path);
        await using var screen = await Screen.OpenAsync<ExceptionsPage>(api, "/exceptions");
        await screen.RaiseAsync("name", "choose 7", "onchange", new ChangeEventArgs());
        await screen.HtmlWithAsync("1 chosen");

        await screen.ClickAsync("acknowledge chosen");
        await screen.HtmlWithAsync("Not known to be done");
        await screen.ClickAsync("acknowledge chosen");

        api.ShouldHaveSentTwiceTheSameTo(Path);
    }

    [Fact]
    public async Task A_comment_whose_answer_was_lost_stays_to_be_sent_again_until_it_is_answered()
    {
        var api = DeskAnswers.Full().IsUnreachableAt(Comments);
        await using var screen = await OpenAsync(api);
        await TypeAsync(screen, "notes", "It was late.");

        await screen.ClickAsync("comment");
        Assert.Contains(
            ">It was late.</textarea>", await screen.HtmlWithAsync("Not known to be done"), StringComparison.Ordinal);
        api.Answers(Comments, DeskAnswers.OpenException);
        await screen.ClickAsync("comment");

        Assert.DoesNotContain("It was late.", await screen.HtmlWithAsync("Done."), StringComparison.Ordinal);
        Assert.Single(api.Keys());
    }

    [Fact]
    public async Task The_same_comment_after_an_answer_is_another_one()
    {
        var api = DeskAnswers.Full().Answers(Comments, DeskAnswers.OpenException);
        await using var screen = await OpenAsync(api);

        for (var i = 0; i < 2; i++)
        {
            await TypeAsync(screen, "notes", "It was late.");
            await screen.ClickAsync("comment");
            await screen.HtmlWithAsync("Done.");
        }

        Assert.Equal(2, api.Keys().Count);
    }

    [Fact]
    public async Task Another_comment_and_what_is_done_after_it_have_keys_of_their_own()
    {
        var api = DeskAnswers.Full().IsUnreachableAt(Comments);
        await using var screen = await OpenAsync(api);

        foreach (var text in (string[])["It was late.", "It was early.", "It was late."])
        {
            await TypeAsync(screen, "notes", text);
            await screen.ClickAsync("comment");
            await screen.HtmlWithAsync("Not known to be done");
        }

        Assert.Equal(3, api.Keys().Count);
    }

    [Fact]
    public async Task A_refused_action_may_be_tried_again_under_a_new_key()
    {
        const string Path = $"{DeskAnswers.ExceptionPath}/acknowledge";
        var api = DeskAnswers.Full().Answers(
            Path, """{"title":"Changed","status":409,"detail":"It has version 4 now.","code":"exception_changed"}""",
            HttpStatusCode.Conflict);
        await using var screen = await OpenAsync(api);

        await screen.ClickAsync("acknowledge");
        await screen.HtmlWithAsync("It has version 4 now.");
        await screen.ClickAsync("acknowledge");

        Assert.Equal(2, api.Keys().Count);
    }

    // Its request would be another one, and the first is known to have been refused or to have been overtaken.
    [Fact]
    public async Task What_is_decided_on_another_version_is_another_action()
    {
        const string Path = $"{DeskAnswers.ExceptionPath}/acknowledge";
        var api = DeskAnswers.Full().IsUnreachableAt(Path);
        await using var screen = await OpenAsync(api);

        await screen.ClickAsync("acknowledge");
        DeskAnswers.Answer(
            api, DeskAnswers.OpenException.Replace("\"version\":3", "\"version\":4", StringComparison.Ordinal));
        await screen.ClickAsync("acknowledge");
        await screen.ClickAsync("acknowledge");

        Assert.Equal(["""{"notes":null,"version":3}""", """{"notes":null,"version":4}"""],
            api.SentTo(Path).Select(sent => sent.Body).Distinct());
        Assert.Equal(2, api.Keys().Count);
    }

    [Fact]
    public async Task A_second_press_while_the_first_is_under_way_sends_nothing()
    {
        var api = DeskAnswers.Full();
        var answer = api.HoldsBack(Comments);
        await using var screen = await OpenAsync(api);
        await TypeAsync(screen, "notes", "It was late.");

        var first = screen.ClickAsync("comment");
        await screen.ClickAsync("comment");
        answer(DeskAnswers.OpenException);
        await first;

        Assert.Single(api.SentTo(Comments));
    }

    [Fact]
    public async Task A_run_whose_answer_was_lost_is_asked_for_again_under_the_same_key()
    {
        const string Path = DeskAnswers.Admin + "/run";
        var api = DeskAnswers.Full().IsUnreachableAt(Path);
        await using var screen = await Screen.OpenAsync<ReconciliationPage>(api, "/reconciliation");

        await screen.ClickAsync("run");
        await screen.HtmlWithAsync("Not known to be started");
        await screen.ClickAsync("run");

        api.ShouldHaveSentTwiceTheSameTo(Path);
    }

    private static Task<Screen> OpenAsync(FakeApi api) => Screen.OpenAsync<ExceptionPage>(
        api, "/exceptions/" + DeskAnswers.Id, new() { ["Id"] = Guid.Parse(DeskAnswers.Id) });

    private static Task TypeAsync(Screen screen, string name, string text) =>
        screen.RaiseAsync("name", name, "oninput", new ChangeEventArgs { Value = text });
}
