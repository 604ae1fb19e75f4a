using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Payments.Web.Forwarding;

namespace Payments.Web.Tests.Forwarding;

public sealed class ApiForwardingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_arrives_as_it_was_sent()
    {
        Dictionary<string, string> arrived = [];
        var (line, body) = ("", "");
        await using var api = await TestHost.StartAsync(app => app.Map("/{**path}", async (HttpContext context) =>
        {
            arrived = Copy(context.Request.Headers);
            line = $"{context.Request.Method} {context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget}";
            body = await new StreamReader(context.Request.Body).ReadToEndAsync(Cancel);
        }));
        await using var web = await ForwardingToAsync(api.Address);
        using var request = new HttpRequestMessage(HttpMethod.Patch, "/api/v1/a%2Fb/keys/x/y?q=1%202&empty=")
        {
            Content = new StringContent("{\"amount\":1.10}", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", "\"k-1\"");
        request.Headers.Add("Authorization", "Bearer demo-token");

        using var response = await web.Client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("PATCH /api/v1/a%2Fb/keys/x/y?q=1%202&empty=", line);
        Assert.Equal("{\"amount\":1.10}", body);
        Assert.Equal("application/json; charset=utf-8", arrived["Content-Type"]);
        Assert.Equal("\"k-1\"", arrived["Idempotency-Key"]);
        Assert.Equal("Bearer demo-token", arrived["Authorization"]);
        Assert.Equal(api.Address.Authority, arrived["Host"]);
        Assert.Equal("127.0.0.1", arrived["X-Forwarded-For"]);
    }

    [Fact]
    public async Task Headers_of_the_connection_and_the_cookies_of_the_screens_stay_behind()
    {
        Dictionary<string, string> arrived = [];
        await using var api = await TestHost.StartAsync(app => app.Map("/{**path}", (HttpContext context) =>
        {
            arrived = Copy(context.Request.Headers);
            context.Response.Headers.Connection = "x-hop";
            context.Response.Headers["X-Hop"] = "1";
            context.Response.Headers["X-End"] = "1";
        }));
        await using var web = await ForwardingToAsync(api.Address);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/x");
        request.Headers.Add("Connection", "x-private");
        request.Headers.Add("X-Private", "1");
        request.Headers.Add("TE", "trailers");
        request.Headers.Add("Cookie", "session=secret");
        request.Headers.Add("X-Kept", "1");

        using var response = await web.Client.SendAsync(request, Cancel);

        Assert.Equal("1", arrived["X-Kept"]);
        Assert.All(["X-Private", "TE", "Cookie"], name => Assert.False(arrived.ContainsKey(name), name));
        Assert.True(response.Headers.Contains("X-End"));
        Assert.False(response.Headers.Contains("X-Hop"));
    }

    [Fact]
    public async Task An_answer_comes_back_as_it_was_given()
    {
        await using var api = await TestHost.StartAsync(app => app.Map("/{**path}", async (HttpContext context) =>
        {
            context.Response.StatusCode = 422;
            context.Response.ContentType = "application/problem+json";
            context.Response.Headers.Append("Link", new[] { "<a>; rel=\"next\"", "<b>; rel=\"prev\"" });
            context.Response.Headers.ETag = "\"7\"";
            await context.Response.WriteAsync("{\"code\":\"currency_differs\"}", Cancel);
        }));
        await using var web = await ForwardingToAsync(api.Address);

        using var response = await web.Client.GetAsync("/api/x", Cancel);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(["<a>; rel=\"next\"", "<b>; rel=\"prev\""], response.Headers.GetValues("Link"));
        Assert.Equal("\"7\"", response.Headers.ETag!.Tag);
        Assert.Equal("{\"code\":\"currency_differs\"}", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task A_piece_of_an_answer_arrives_before_the_next_one_exists()
    {
        var firstWasRead = new TaskCompletionSource();
        await using var api = await TestHost.StartAsync(app => app.Map("/{**path}", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("one", Cancel);
            await firstWasRead.Task.WaitAsync(Cancel);
            await context.Response.WriteAsync("two", Cancel);
        }));
        await using var web = await ForwardingToAsync(api.Address);

        using var response = await web.Client.GetAsync("/api/x", HttpCompletionOption.ResponseHeadersRead, Cancel);
        await using var stream = await response.Content.ReadAsStreamAsync(Cancel);
        var first = new byte[3];
        await stream.ReadExactlyAsync(first, Cancel);
        firstWasRead.SetResult();
        var rest = await new StreamReader(stream).ReadToEndAsync(Cancel);

        Assert.Equal(("one", "two"), (Encoding.UTF8.GetString(first), rest));
    }

    [Fact]
    public async Task A_stream_is_open_before_its_first_piece()
    {
        var isOpen = new TaskCompletionSource();
        await using var api = await TestHost.StartAsync(app => app.Map("/{**path}", async (HttpContext context) =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.FlushAsync(Cancel);
            await isOpen.Task.WaitAsync(Cancel);
        }));
        await using var web = await ForwardingToAsync(api.Address);

        using var response = await web.Client.GetAsync("/api/x", HttpCompletionOption.ResponseHeadersRead, Cancel);
        isOpen.SetResult();

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task A_piece_of_a_body_arrives_before_the_next_one_is_sent()
    {
        var firstWasRead = new TaskCompletionSource();
        await using var api = await TestHost.StartAsync(app => app.Map("/{**path}", async (HttpContext context) =>
        {
            await context.Request.Body.ReadExactlyAsync(new byte[3], Cancel);
            firstWasRead.SetResult();
            return await new StreamReader(context.Request.Body).ReadToEndAsync(Cancel);
        }));
        await using var web = await ForwardingToAsync(api.Address);

        using var response = await web.Client.PostAsync("/api/x", new TwoPieces(firstWasRead.Task), Cancel);

        Assert.Equal("two", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task An_api_that_is_down_is_a_problem_with_the_status_502()
    {
        await using var web = await ForwardingToAsync(new Uri("http://127.0.0.1:1"));

        using var response = await web.Client.GetAsync("/api/x", Cancel);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("api_unreachable", problem.RootElement.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Half_an_answer_is_never_passed_off_as_a_whole_one()
    {
        await using var api = await TestHost.StartAsync(app => app.Map("/{**path}", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("half", Cancel);
            context.Abort();
        }));
        await using var web = await ForwardingToAsync(api.Address);

        await Assert.ThrowsAnyAsync<Exception>(() => web.Client.GetStringAsync("/api/x", Cancel));
    }

    // A server uses its header collections again after the request.
    private static Dictionary<string, string> Copy(IHeaderDictionary headers) => headers.ToDictionary(
        header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);

    private static Task<TestHost> ForwardingToAsync(Uri api) => TestHost.StartAsync(
        app => app.MapApiForwarding(),
        services =>
        {
            services.AddApiForwarding();
            services.AddHttpClient(ApiForwarding.ClientName, client => client.BaseAddress = api);
        });

    private sealed class TwoPieces(Task firstWasRead) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("one"u8.ToArray());
            await stream.FlushAsync();
            await firstWasRead;
            await stream.WriteAsync("two"u8.ToArray());
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
