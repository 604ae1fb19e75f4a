using System.Net;
using System.Text.RegularExpressions;

namespace Payments.Api.Tests.OpenApi;

/// <summary>The page on which the API is tried.</summary>
public sealed partial class DocsTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_page_needs_no_key_and_nothing_from_elsewhere()
    {
        using var stranger = fixture.Api.CreateClient();

        using var page = await stranger.GetAsync("/docs", Cancel);
        var html = await page.Content.ReadAsStringAsync(Cancel);
        var address = page.RequestMessage!.RequestUri!;
        Assert.Equal((HttpStatusCode.OK, "/docs/index.html"), (page.StatusCode, address.AbsolutePath));
        Assert.Contains(
            "default-src 'none'; script-src 'self'", page.Headers.GetValues("Content-Security-Policy").Single(),
            StringComparison.Ordinal);

        var files = References().Matches(html).Select(match => match.Groups["file"].Value)
            .Where(file => !file.StartsWith("data:", StringComparison.Ordinal) && !file.StartsWith('#')).ToList();
        Assert.Equal(["docs.css", "docs.js", "/openapi/v1.json"], files, StringComparer.Ordinal);
        foreach (var file in files)
        {
            using var answer = await stranger.GetAsync(new Uri(address, file), Cancel);
            var text = await answer.Content.ReadAsStringAsync(Cancel);

            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.True(file.EndsWith("json", StringComparison.Ordinal) || !Elsewhere().IsMatch(text), file);
        }
    }

    [GeneratedRegex("(href|src)=\"(?<file>[^\"]+)\"", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex References();

    [GeneratedRegex(@"(https?:)?//[a-z0-9-]+\.[a-z]", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Elsewhere();
}
