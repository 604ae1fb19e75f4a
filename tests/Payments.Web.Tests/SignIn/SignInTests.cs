using System.Collections.Concurrent;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Payments.Web.Tests.SignIn;

/// <summary>The whole application, over an API that knows two keys and notes what it is presented.</summary>
public sealed partial class SignInTests : IAsyncDisposable
{
    private const string GoodKey = "pay_of-alice";

    private readonly ConcurrentQueue<string> _presented = [];
    private readonly List<IAsyncDisposable> _started = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/")]
    [InlineData("/payments/01a1fcaa-a6b4-729a-879b-9da3d8101381")]
    [InlineData("/accounts/ACC-001?currency=USD")]
    [InlineData("/accounts/ACC-001/ledger.csv")]
    public async Task A_stranger_is_sent_to_the_sign_in_page_and_sees_nothing(string address)
    {
        using var browser = await OpenAsync("Production");

        using var response = await browser.GetAsync(address, Cancel);

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Equal(
            "/sign-in?ReturnUrl=" + Uri.EscapeDataString(address), response.Headers.Location!.PathAndQuery);
        Assert.DoesNotContain(_presented, IsOfTheScreens);
    }

    [Theory]
    [InlineData("/sign-in", HttpStatusCode.OK)]
    [InlineData("/health", HttpStatusCode.OK)]
    [InlineData("/nowhere", HttpStatusCode.NotFound)]
    [InlineData("/app.css", HttpStatusCode.OK)]
    public async Task What_everybody_may_see_needs_no_sign_in(string address, HttpStatusCode status)
    {
        using var browser = await OpenAsync("Production");

        using var response = await browser.GetAsync(address, Cancel);

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task An_operator_signs_in_acts_under_the_own_key_and_signs_out()
    {
        using var browser = await OpenAsync("Production");

        using var signedIn = await SignInAsync(browser, GoodKey, "/?account=ACC-001");
        var page = await browser.GetStringAsync(signedIn.Headers.Location, Cancel);
        using var signedOut = await PostAsync(browser, "/sign-out", page);
        using var afterwards = await browser.GetAsync("/", Cancel);

        Assert.Equal("/?account=ACC-001", signedIn.Headers.Location!.OriginalString);
        Assert.Contains(">alice</span>", page, StringComparison.Ordinal);
        Assert.Contains("250.13", page, StringComparison.Ordinal);
        Assert.Equal(
            [$"/payments Bearer {GoodKey}"],
            _presented.Where(IsOfTheScreens).Distinct(StringComparer.Ordinal));
        Assert.Equal("/sign-in", signedOut.Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.Redirect, afterwards.StatusCode);
    }

    [Fact]
    public async Task The_cookie_hides_the_key_from_scripts_other_sites_and_readers()
    {
        using var browser = await OpenAsync("Production");

        using var signedIn = await SignInAsync(browser, GoodKey);

        var cookie = Assert.Single(
            signedIn.Headers.GetValues("Set-Cookie"),
            value => value.StartsWith("payments-operator=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.Ordinal);
        Assert.Contains("samesite=lax", cookie, StringComparison.Ordinal);
        var value = cookie["payments-operator=".Length..cookie.IndexOf(';', StringComparison.Ordinal)];
        var bytes = Microsoft.AspNetCore.WebUtilities.WebEncoders.Base64UrlDecode(value);
        Assert.DoesNotContain(GoodKey, System.Text.Encoding.Latin1.GetString(bytes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pay_of-nobody", "The API key is unknown, has expired or was revoked.")]
    [InlineData("k\u00e9y", "The API key is unknown, has expired or was revoked.")]
    [InlineData("", "The API key is unknown, has expired or was revoked.")]
    [InlineData("pay_when-down", "The payments service could not be asked about the key.")]
    public async Task A_key_that_the_api_does_not_vouch_for_signs_nobody_in(string key, string complaint)
    {
        using var browser = await OpenAsync("Production");

        using var refused = await SignInAsync(browser, key, "/?status=failed");
        var page = WebUtility.HtmlDecode(await browser.GetStringAsync(refused.Headers.Location, Cancel));
        using var afterwards = await browser.GetAsync("/", Cancel);

        Assert.Contains(complaint, page, StringComparison.Ordinal);
        Assert.Contains("value=\"/?status=failed\"", page, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, afterwards.StatusCode);
    }

    [Theory]
    [InlineData("https://example.com/")]
    [InlineData("//example.com")]
    [InlineData("/\\example.com")]
    public async Task A_sign_in_leads_to_no_other_site(string returnUrl)
    {
        using var browser = await OpenAsync("Production");

        using var signedIn = await SignInAsync(browser, GoodKey, returnUrl);

        Assert.Equal("/", signedIn.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/sign-out")]
    public async Task A_form_of_another_site_signs_nobody_in_or_out(string address)
    {
        using var browser = await OpenAsync("Production");
        using var signedIn = await SignInAsync(browser, GoodKey);

        using var response = await browser.PostAsync(
            address, new FormUrlEncodedContent([new("key", GoodKey), new("confirmed", "yes")]), Cancel);
        using var afterwards = await browser.GetAsync("/", Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(HttpStatusCode.OK, afterwards.StatusCode);
    }

    [Fact]
    public async Task In_development_the_developer_is_signed_in_until_signing_out_for_another_key()
    {
        using var browser = await OpenAsync("Development");

        var page = await browser.GetStringAsync("/", Cancel);
        using var signedOut = await PostAsync(browser, "/sign-out", page);
        using var afterwards = await browser.GetAsync("/", Cancel);
        using var signedIn = await SignInAsync(browser, GoodKey);
        var second = await browser.GetStringAsync("/", Cancel);

        Assert.Contains(">developer</span>", page, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, afterwards.StatusCode);
        Assert.Contains(">alice</span>", second, StringComparison.Ordinal);
        Assert.Equal(
            ["/payments Bearer demo-token", $"/payments Bearer {GoodKey}"],
            _presented.Where(IsOfTheScreens).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Outside_development_a_developer_key_keeps_the_process_from_starting()
    {
        await using var web = new Web(
            new Uri("http://127.0.0.1:1"), "Production", ("SignIn:DeveloperKey", "demo-token"));

        var refusal = Assert.Throws<OptionsValidationException>(() => web.CreateClient());

        Assert.Contains("SignIn:DeveloperKey", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forwarded_call_keeps_its_own_key_and_never_gets_the_operator_s()
    {
        using var browser = await OpenAsync("Production");
        using var signedIn = await SignInAsync(browser, GoodKey);
        using var own = new HttpRequestMessage(HttpMethod.Get, "/api/v1/anything");
        own.Headers.Authorization = new("Bearer", "pay_of-a-program");

        using var withKey = await browser.SendAsync(own, Cancel);
        using var without = await browser.GetAsync("/api/v1/anything", Cancel);

        Assert.Equal(
            ["/api/v1/anything Bearer pay_of-a-program", "/api/v1/anything "],
            _presented.Where(line => line.StartsWith("/api/v1/anything", StringComparison.Ordinal)));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var started in Enumerable.Reverse(_started))
        {
            await started.DisposeAsync();
        }
    }

    private static bool IsOfTheScreens(string presented) =>
        presented.StartsWith("/payments ", StringComparison.Ordinal);

    private async Task<HttpClient> OpenAsync(string environment)
    {
        var api = await TestHost.StartAsync(app =>
        {
            app.Use((context, next) =>
            {
                _presented.Enqueue($"{context.Request.Path} {context.Request.Headers.Authorization}");
                return next(context);
            });
            app.MapGet("/payments", () => Results.Content(
                Answers.ListOf(Answers.Payment("completed")), "application/json"));
            app.MapGet("/api/v1/keys/current", (HttpContext context) => Known(context.Request));
        });
        var web = new Web(api.Address, environment);
        _started.AddRange([api, web]);
        return web.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false });
    }

    private static IResult Known(HttpRequest request) => request.Headers.Authorization.ToString() switch
    {
        "Bearer " + GoodKey => Results.Json(new { id = Guid.Empty, owner = "alice", expiresAt = (string?)null }),
        "Bearer pay_when-down" => Results.StatusCode(503),
        _ => Results.StatusCode(401),
    };

    private static async Task<HttpResponseMessage> SignInAsync(HttpClient browser, string key, string returnUrl = "/")
    {
        var page = await browser.GetStringAsync("/sign-in", Cancel);
        return await PostAsync(browser, "/sign-in", page, ("key", key), ("returnUrl", returnUrl));
    }

    private static Task<HttpResponseMessage> PostAsync(
        HttpClient browser, string address, string page, params (string Name, string Value)[] fields) =>
        browser.PostAsync(
            address,
            new FormUrlEncodedContent(
            [
                new("__RequestVerificationToken", Token().Match(page).Groups["token"].Value),
                new("confirmed", "yes"),
                .. fields.Select(field => KeyValuePair.Create(field.Name, field.Value)),
            ]),
            Cancel);

    [GeneratedRegex(
        "name=\"__RequestVerificationToken\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Token();

    private sealed class Web(Uri api, string environment, params (string Name, string Value)[] settings)
        : WebApplicationFactory<App>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment(environment);
            builder.UseSetting("Management:Enabled", "false");
            foreach (var (name, value) in settings)
            {
                builder.UseSetting(name, value);
            }

            builder.ConfigureAppConfiguration(configuration => configuration.AddInMemoryCollection(
                [KeyValuePair.Create("services:api:http:0", (string?)api.GetLeftPart(UriPartial.Authority))]));
            builder.ConfigureLogging(logging => logging.ClearProviders());
        }
    }
}
