using Payments.Web.Layout;

namespace Payments.Web.Tests.Layout;

public sealed class WhenTests
{
    [Fact]
    public async Task A_moment_of_another_year_says_which()
    {
        var now = TimeProvider.System.GetUtcNow();
        var thisYear = new DateTimeOffset(now.Year, now.Month, 1, 10, 30, 15, TimeSpan.Zero);
        var earlier = new DateTimeOffset(2019, 12, 31, 23, 30, 15, TimeSpan.FromHours(-1));

        Assert.EndsWith("10:30:15</time>", await ShownAsync(thisYear), StringComparison.Ordinal);
        Assert.EndsWith(">1 Jan 2020 00:30</time>", await ShownAsync(earlier), StringComparison.Ordinal);
    }

    private static async Task<string> ShownAsync(DateTimeOffset at)
    {
        await using var screen = await Screen.OpenAsync<When>(
            new FakeApi(), "/", new(StringComparer.Ordinal) { [nameof(When.At)] = at });
        return await screen.HtmlAsync();
    }
}
