using System.Net;
using Payments.Api.Keys;

namespace Payments.Api.Tests.Keys;

public sealed class AuthenticationTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string LoopbackSetting = "Auth:LoopbackAsDeveloper";

    private const string Body = """{"accountId":"A","amount":1}""";

    [Theory]
    [InlineData("GET", "/payments")]
    [InlineData("POST", "/payments")]
    [InlineData("GET", "/payments/01a1fcaa-a6b4-729a-879b-9da3d8101381")]
    [InlineData("POST", "/payments/01a1fcaa-a6b4-729a-879b-9da3d8101381/cancel")]
    [InlineData("POST", "/payments/01a1fcaa-a6b4-729a-879b-9da3d8101381/refunds")]
    [InlineData("GET", "/payments/01a1fcaa-a6b4-729a-879b-9da3d8101381/refunds")]
    [InlineData("GET", "/refunds/01a1fcaa-a6b4-729a-879b-9da3d8101381")]
    [InlineData("POST", "/api/v1/transactions/01a1fcaa-a6b4-729a-879b-9da3d8101381/refund")]
    [InlineData("GET", "/accounts/ACC-001/balance")]
    [InlineData("GET", "/api/v1/accounts/ACC-001/ledger")]
    [InlineData("GET", "/api/v1/queue/stats")]
    [InlineData("GET", "/api/v1/queue/dead-letters")]
    [InlineData("GET", "/api/v1/cache/stats")]
    [InlineData("POST", "/api/v1/accounts/ACC-001/reconcile")]
    [InlineData("GET", "/api/v1/accounts/ACC-001/reconciliation-difference")]
    [InlineData("GET", "/events")]
    [InlineData("GET", "/nowhere")]
    [InlineData("DELETE", "/payments")]
    public async Task Without_a_key_everything_but_health_is_401(string method, string address)
    {
        using var stranger = fixture.Api.CreateClient();
        using var response = await stranger.SendAsync(
            new HttpRequestMessage(new HttpMethod(method), address), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
        Assert.Equal("unauthorized", await response.CodeAsync());
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/alive")]
    [InlineData("/api/v1/health")]
    public async Task Health_needs_no_key(string address)
    {
        using var stranger = fixture.Api.CreateClient();
        using var response = await stranger.GetAsync(address, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_key_that_is_unknown_expired_or_revoked_is_401()
    {
        await TestKeys.AddAsync(fixture.Database, "tester", "expired", expiresIn: "-1 second");
        await TestKeys.AddAsync(fixture.Database, "tester", "revoked", revoked: true);
        await TestKeys.AddAsync(fixture.Database, "tester", "lasting", expiresIn: "1 hour");

        foreach (var key in new[] { "unknown", "expired", "revoked", new string('k', 300) })
        {
            using var client = fixture.Api.CreateClient(key);
            using var response = await client.GetAsync("/payments", TestContext.Current.CancellationToken);

            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal("Bearer error=\"invalid_token\"", response.Headers.WwwAuthenticate.ToString());
        }

        using var lasting = fixture.Api.CreateClient("lasting");
        await lasting.GetJsonAsync("/payments");
    }

    [Theory]
    [InlineData("Basic a2V5OmtleQ==")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData(ApiServer.Key)]
    public async Task Another_scheme_is_401(string header)
    {
        using var client = fixture.Api.CreateClient();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);
        using var response = await client.GetAsync("/payments", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task A_key_may_do_only_what_its_scopes_say()
    {
        await TestKeys.AddAsync(fixture.Database, "reader", "reading-key", ["payments:read"]);
        await TestKeys.AddAsync(fixture.Database, "writer", "writing-key", ["payments:write"]);
        await TestKeys.AddAsync(fixture.Database, "nobody", "powerless-key", []);
        using var reader = fixture.Api.CreateClient("reading-key");
        using var writer = fixture.Api.CreateClient("writing-key");
        using var powerless = fixture.Api.CreateClient("powerless-key");

        using var read = await reader.GetAsync("/payments", TestContext.Current.CancellationToken);
        using var written = await writer.CreateAsync(Body);
        using var readerWrites = await reader.CreateAsync(Body);
        using var writerReads = await writer.GetAsync("/payments", TestContext.Current.CancellationToken);
        using var powerlessReads = await powerless.GetAsync("/events", TestContext.Current.CancellationToken);

        Assert.Equal((200, 201), ((int)read.StatusCode, (int)written.StatusCode));
        foreach (var refused in new[] { readerWrites, writerReads, powerlessReads })
        {
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            Assert.Equal("insufficient_scope", await refused.CodeAsync());
        }

        Assert.Equal(
            "Bearer error=\"insufficient_scope\", scope=\"payments:write\"",
            readerWrites.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task On_loopback_a_caller_acts_as_the_developer_where_the_setting_allows_it()
    {
        await TestKeys.AddAsync(fixture.Database, "developer", DeveloperKeys.Demo);
        await using var development = ApiServer.Start(
            fixture.Database.AppConnectionString, "Development", (LoopbackSetting, "true"));
        using var caller = development.CreateClient();

        Assert.Equal(200, await StatusAsync(caller));
        Assert.Equal(200, await StatusAsync(caller, ("Origin", "http://localhost:3000")));
        Assert.Equal(200, await StatusAsync(caller, ("Host", "127.0.0.1:3001")));
        Assert.Equal(401, await StatusAsync(caller, ("Origin", "https://example.com")));
        Assert.Equal(401, await StatusAsync(caller, ("Origin", "null")));
        Assert.Equal(401, await StatusAsync(caller, ("Host", "rebound.example.com")));
        Assert.Equal(401, await StatusAsync(caller, ("Sec-Fetch-Site", "cross-site")));
        Assert.Equal(200, await StatusAsync(caller, ("X-Forwarded-For", "127.0.0.1, ::1")));
        Assert.Equal(401, await StatusAsync(caller, ("X-Forwarded-For", "203.0.113.9")));
        Assert.Equal(401, await StatusAsync(caller, ("X-Forwarded-For", "203.0.113.9, 127.0.0.1")));
        Assert.Equal(401, await StatusAsync(caller, ("X-Forwarded-For", "unknown")));
        Assert.Equal(401, await StatusAsync(caller, ("Authorization", "Bearer wrong")));
    }

    [Fact]
    public async Task The_developer_key_is_good_in_development_only()
    {
        await TestKeys.AddAsync(fixture.Database, "developer", DeveloperKeys.Demo);
        await TestKeys.AddAsync(fixture.Database, "reviewer", DeveloperKeys.Reviewer);
        await using var development = ApiServer.Start(fixture.Database.AppConnectionString, "Development");

        foreach (var key in new[] { DeveloperKeys.Demo, DeveloperKeys.Reviewer })
        {
            using var here = development.CreateClient(key);
            using var elsewhere = fixture.Api.CreateClient(key);

            Assert.Equal(200, await StatusAsync(here));
            Assert.Equal(401, await StatusAsync(elsewhere));
        }
    }

    [Theory]
    [InlineData("Production")]
    [InlineData("Staging")]
    public async Task Outside_development_the_loopback_setting_keeps_the_process_from_starting(string environment)
    {
        string[] arguments =
        [
            $"--environment={environment}", $"--{LoopbackSetting}=true", "--urls=http://127.0.0.1:0",
            "--Management:Port=0", "--Logging:LogLevel:Default=None",
            $"--ConnectionStrings:payments={fixture.Database.AppConnectionString}",
        ];

        var exitCode = await Task.Run(() => typeof(Program).Assembly.EntryPoint!.Invoke(null, [arguments]));

        Assert.Equal(1, exitCode);
    }

    private static async Task<int> StatusAsync(HttpClient client, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/payments");
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }
}
