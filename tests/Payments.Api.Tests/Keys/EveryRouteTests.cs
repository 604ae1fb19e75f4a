using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;

namespace Payments.Api.Tests.Keys;

/// <summary>Walks the routes that the running API has, so that a new one cannot be forgotten.</summary>
public sealed class EveryRouteTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    // What is open to everybody; a line more is a decision.
    private static readonly string[] Open =
    [
        "/alive", "/api/v1/health", "/api/v1/ready", "/docs", "/docs/docs.css", "/docs/docs.js", "/docs/index.html",
        "/docs/json.js", "/health", "/openapi/{documentName}.json", "/problems/{name}",
    ];

    // What any key may ask.
    private static readonly string[] ForAnyKey = ["/api/v1/keys/current"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_key_every_route_but_the_open_ones_is_401()
    {
        using var stranger = fixture.Api.CreateClient();
        var closed = Routes().Where(route => !Open.Contains(route.Pattern, StringComparer.Ordinal)).ToList();
        Assert.NotEmpty(closed);

        foreach (var (method, pattern, _) in closed)
        {
            using var response = await SendAsync(stranger, method, pattern);

            Assert.True(
                response.StatusCode == HttpStatusCode.Unauthorized, $"{method} {pattern}: {response.StatusCode}");
            Assert.Equal("unauthorized", await response.CodeAsync());
        }
    }

    [Fact]
    public async Task With_a_key_without_scopes_every_route_but_the_open_ones_is_403()
    {
        await TestKeys.AddAsync(fixture.Database, "nobody", "key-without-scopes", []);
        using var powerless = fixture.Api.CreateClient("key-without-scopes");
        var closed = Routes().Where(route =>
            !Open.Contains(route.Pattern, StringComparer.Ordinal)
            && !ForAnyKey.Contains(route.Pattern, StringComparer.Ordinal)).ToList();

        foreach (var (method, pattern, policy) in closed)
        {
            using var response = await SendAsync(powerless, method, pattern);

            Assert.True(
                response.StatusCode == HttpStatusCode.Forbidden, $"{method} {pattern}: {response.StatusCode}");
            Assert.Equal("insufficient_scope", await response.CodeAsync());
            Assert.Equal(
                $"Bearer error=\"insufficient_scope\", scope=\"{policy}\"",
                response.Headers.WwwAuthenticate.ToString());
        }
    }

    [Fact]
    public void What_is_open_is_what_is_listed() => Assert.Equal(
        Open,
        Routes().Where(route => route.Policy is null && !ForAnyKey.Contains(route.Pattern, StringComparer.Ordinal))
            .Select(route => route.Pattern).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    [Fact]
    public async Task A_change_that_a_key_may_not_make_is_in_the_audit_trail_once()
    {
        await TestKeys.AddAsync(fixture.Database, "curious", "curious-key", ["payments:read"]);
        using var curious = fixture.Api.CreateClient("curious-key");

        for (var i = 0; i < 3; i++)
        {
            using var refused = await curious.CreateAsync("""{"accountId":"A","amount":1}""");
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }

        Assert.Equal(
            ["key.used POST /payments refused payments:write"],
            await fixture.Database.QueryAsync<string>("""
                SELECT action || ' ' || object_id || ' ' || outcome || ' ' || (details ->> 'lacksScope')
                FROM audit_events
                WHERE actor = 'curious'
                """));
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string method, string pattern)
    {
        var address = string.Join('/', pattern.Split('/').Select(
            part => part.StartsWith('{') ? "01a1fcaa-a6b4-729a-879b-9da3d8101381" : part));
        return client.SendAsync(new HttpRequestMessage(new HttpMethod(method), address), Cancel);
    }

    private List<(string Method, string Pattern, string? Policy)> Routes() =>
    [
        .. from endpoint in fixture.Api.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        select (
            method,
            "/" + endpoint.RoutePattern.RawText!.TrimStart('/'),
            endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null
                ? endpoint.Metadata.GetMetadata<IAuthorizeData>()?.Policy
                : null),
    ];
}
