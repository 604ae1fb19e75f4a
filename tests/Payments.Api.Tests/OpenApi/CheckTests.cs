using System.Net;
using System.Text;
using Payments.Testing.OpenApi;
using Xunit.Sdk;

namespace Payments.Api.Tests.OpenApi;

/// <summary>The check of the answers sees what is wrong with one: each row is an answer spoilt in one way.</summary>
public sealed class CheckTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Refund = """
        {"id":"019cae5d-11a8-7b6c-a3d2-5e8f40c1b932","paymentId":"019cae5c-2d40-7a31-9f0e-3b1f0c7a5d10",
        "amount":40.00,"currency":"USD","status":"pending","reason":null,"failureReason":null,
        "createdAt":"2026-03-02T09:31:00Z","settledAt":null,"traceId":null}
        """;

    private const string NotFound = """
        {"type":"/problems/refund-not-found","title":"No refund has this id","status":404,
        "detail":"No refund has this id.","instance":"/refunds/1","code":"refund_not_found","traceId":"00"}
        """;

    [Theory]
    [InlineData(200, "application/json", "", "", null)]
    [InlineData(200, "application/json", "\"currency\":\"USD\",", "", "lacks the member currency")]
    [InlineData(200, "application/json", "\"status\"", "\"colour\":\"red\",\"status\"", "member colour, which is not")]
    [InlineData(200, "application/json", "40.00", "\"40.00\"", "which is not number")]
    [InlineData(200, "application/json", "40.00", "4e1", "which is not format \"decimal\"")]
    [InlineData(200, "application/json", "\"pending\"", "\"lost\"", "which is none of")]
    [InlineData(200, "application/json", "\"pending\"", "null", "which is not string")]
    [InlineData(200, "application/json", "09:31:00Z", "25:61:00Z", "which is not format \"date-time\"")]
    [InlineData(200, "application/json", "019cae5d-", "refund-", "which is not format \"uuid\"")]
    [InlineData(200, "text/html", "", "", "does not document text/html for 200")]
    [InlineData(202, "application/json", "", "", "does not document the status 202")]
    public async Task A_spoilt_answer_is_seen(int status, string mediaType, string find, string put, string? fault) =>
        await AssertFaultAsync("/refunds/1", status, mediaType, Spoil(Refund, find, put), fault);

    [Theory]
    [InlineData("", "", null)]
    [InlineData("\"instance\":\"/refunds/1\",", "", "lacks the member instance")]
    [InlineData("\"refund_not_found\"", "\"payment_not_found\"", "which is none of")]
    [InlineData("\"status\":404", "\"status\":400", "which is none of")]
    public async Task A_spoilt_problem_is_seen(string find, string put, string? fault) =>
        await AssertFaultAsync("/refunds/1", 404, "application/problem+json", Spoil(NotFound, find, put), fault);

    [Fact]
    public async Task An_answer_where_the_document_has_no_operation_is_seen() =>
        await AssertFaultAsync("/refunds", 200, "application/json", Refund, "It is not documented");

    [Fact]
    public void A_keyword_that_nobody_checks_is_an_error()
    {
        var schema = JsonElement.Parse("""{"type":"string","pattern":"^a"}""");

        var error = Assert.Throws<InvalidOperationException>(() =>
            new JsonSchema(schema).Check(schema, JsonElement.Parse("\"b\"")));

        Assert.Contains("pattern", error.Message, StringComparison.Ordinal);
    }

    private static string Spoil(string json, string find, string put)
    {
        Assert.Contains(find, json, StringComparison.Ordinal);
        return find.Length == 0 ? json : json.Replace(find, put, StringComparison.Ordinal);
    }

    private async Task AssertFaultAsync(string path, int status, string mediaType, string body, string? fault)
    {
        using var http = new HttpClient(new CheckedAnswers(new Spoilt(fixture.Api.Address, status, mediaType, body)));

        async Task AskAsync() =>
            (await http.GetAsync(new Uri("http://api" + path), TestContext.Current.CancellationToken)).Dispose();

        if (fault is null)
        {
            await AskAsync();
            return;
        }

        var failure = await Assert.ThrowsAnyAsync<XunitException>(AskAsync);
        Assert.Contains(fault, failure.Message, StringComparison.Ordinal);
    }

    // Answers everything alike, except for the document, which is the real one.
    private sealed class Spoilt(Uri api, int status, string mediaType, string body)
        : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.AbsolutePath.StartsWith("/openapi", StringComparison.Ordinal))
            {
                request.RequestUri = new Uri(api, request.RequestUri.AbsolutePath);
                return await base.SendAsync(request, cancellationToken);
            }

            return new HttpResponseMessage((HttpStatusCode)status)
            {
                Content = new StringContent(body, Encoding.UTF8, mediaType),
            };
        }
    }
}
