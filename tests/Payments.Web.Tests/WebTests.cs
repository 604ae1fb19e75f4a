using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Payments.Web.Tests.Reconciliation;

namespace Payments.Web.Tests;

/// <summary>The whole application as it is deployed, over an API that is a small server of its own.</summary>
public sealed class WebTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_page_comes_with_its_data_and_with_the_headers_that_protect_it()
    {
        await using var api = await TestHost.StartAsync(app => app.MapGet(
            "/payments", () => Results.Content(Answers.ListOf(Answers.Payment("completed")), "application/json")));
        await using var web = new Web(api.Address);

        using var response = await web.CreateClient().GetAsync("/", Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("250.13", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal(
            ("nosniff", "DENY", "same-origin"),
            (Header(response, "X-Content-Type-Options"), Header(response, "X-Frame-Options"),
                Header(response, "Referrer-Policy")));
    }

    // Before it is live, a press would do nothing.
    [Fact]
    public async Task An_exception_s_buttons_wait_until_the_page_is_live()
    {
        await using var api = await TestHost.StartAsync(app => app.MapGet(
            DeskAnswers.ExceptionPath, () => Results.Content(DeskAnswers.WithStory(line: ""), "application/json")));
        await using var web = new Web(api.Address);

        var html = await web.CreateClient().GetStringAsync("/exceptions/" + DeskAnswers.Id, Cancel);

        Assert.Contains("name=\"acknowledge\" disabled", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_without_a_page_answers_404_with_a_page_that_says_so()
    {
        await using var api = await TestHost.StartAsync();
        await using var web = new Web(api.Address);

        using var response = await web.CreateClient().GetAsync("/nowhere", Cancel);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains(
            "There is no page here", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_404_of_the_api_is_passed_on_as_the_api_wrote_it()
    {
        await using var api = await TestHost.StartAsync(app => app.Map(
            "/api/{**path}",
            () => Results.Content(Answers.NotFound, "application/problem+json", statusCode: 404)));
        await using var web = new Web(api.Address);

        using var response = await web.CreateClient().GetAsync("/api/v1/transactions/x", Cancel);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(Answers.NotFound, await response.Content.ReadAsStringAsync(Cancel));
        Assert.False(response.Headers.Contains("Content-Security-Policy"));
    }

    [Fact]
    public async Task A_forwarded_call_that_fails_is_not_repeated()
    {
        var calls = 0;
        await using var api = await TestHost.StartAsync(app => app.Map("/api/{**path}", () =>
        {
            Interlocked.Increment(ref calls);
            return Results.StatusCode(503);
        }));
        await using var web = new Web(api.Address);

        using var response = await web.CreateClient().GetAsync("/api/v1/queue/stats", Cancel);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, 1), (response.StatusCode, calls));
    }

    [Theory]
    [InlineData("/accounts/A%2FB/ledger.csv?currency=USD", "/api/v1/accounts/A%2FB/ledger?currency=USD&format=csv")]
    [InlineData("/accounts/ACC-001/statement.csv?currency=USD&from=2026-03-01&to=",
        "/api/v1/accounts/ACC-001/statement?currency=USD&from=2026-03-01T00%3A00%3A00Z&format=csv")]
    [InlineData("/exceptions/exceptions.csv", "/api/admin/reconciliation/exceptions?unresolved=true&format=csv")]
    [InlineData("/exceptions/exceptions.csv?status=all&severity=high&check=deposits",
        "/api/admin/reconciliation/exceptions?severity=high&check_type=deposits&format=csv")]
    [InlineData("/exceptions/exceptions.csv?status=overdue&assignee=me",
        "/api/admin/reconciliation/exceptions?assignee=me&overdue=true&format=csv")]
    public async Task Files_come_from_the_api_as_it_wrote_them(string asked, string target)
    {
        var received = "";
        await using var api = await TestHost.StartAsync(app => app.Map("/api/{**path}", (HttpContext context) =>
        {
            received = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
            context.Response.Headers.ContentDisposition = "attachment; filename=\"file.csv\"";
            return Results.Content("a,b\r\n1,2\r\n", "text/csv; charset=utf-8");
        }));
        await using var web = new Web(api.Address);

        using var response = await web.CreateClient().GetAsync(asked, Cancel);

        Assert.Equal(target, received);
        Assert.Equal("a,b\r\n1,2\r\n", await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("attachment; filename=\"file.csv\"", response.Content.Headers.ContentDisposition?.ToString());
    }

    [Theory]
    [InlineData("/accounts/nobody/ledger.csv", 404, "There is none.")]
    [InlineData("/accounts/nobody/statement.csv?from=soon", 400, "such as 2026-03-01.")]
    public async Task Of_a_file_that_there_is_not_the_reason_is_told(string asked, int status, string reason)
    {
        await using var api = await TestHost.StartAsync(app => app.Map("/api/{**path}", () => Results.Content(
            Answers.NotFound, "application/problem+json", statusCode: StatusCodes.Status404NotFound)));
        await using var web = new Web(api.Address);

        using var response = await web.CreateClient().GetAsync(asked, Cancel);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(reason, await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Foreign_host_names_are_refused_in_development()
    {
        await using var api = await TestHost.StartAsync();
        await using var web = new Web(api.Address);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Host = "rebound.example";

        using var response = await web.CreateClient().SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;

    private sealed class Web(Uri api) : WebApplicationFactory<App>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment("Development");
            builder.ConfigureAppConfiguration(configuration => configuration.AddInMemoryCollection(
                [KeyValuePair.Create("services:api:http:0", (string?)api.GetLeftPart(UriPartial.Authority))]));
            builder.ConfigureLogging(logging => logging.ClearProviders());
        }
    }
}
