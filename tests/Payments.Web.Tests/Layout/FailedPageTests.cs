using Microsoft.AspNetCore.Components;
using Payments.Web.Layout;

namespace Payments.Web.Tests.Layout;

/// <summary>A page that failed says what is known: not what became of what was asked for.</summary>
public sealed class FailedPageTests
{
    private const string Told = "What was asked for last may have been done";

    [Fact]
    public async Task The_page_of_a_failed_request_does_not_say_that_nothing_was_done()
    {
        await using var screen = await Screen.OpenAsync<ErrorPage>(new FakeApi(), "/error");

        Assert.Contains(Told, await screen.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_that_fails_while_it_is_used_does_not_say_that_nothing_was_done()
    {
        RenderFragment failing = _ => throw new InvalidOperationException("A fault.");

        await using var screen = await Screen.OpenAsync<MainLayout>(
            new FakeApi(), "/", new(StringComparer.Ordinal) { [nameof(MainLayout.Body)] = failing });

        Assert.Contains(Told, await screen.HtmlAsync(), StringComparison.Ordinal);
    }
}
