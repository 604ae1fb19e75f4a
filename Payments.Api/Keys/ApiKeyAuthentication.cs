using System.Net;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Payments.Api.Keys;

/// <summary>How callers prove who they are; section <c>Auth</c> of the configuration.</summary>
internal sealed class AuthOptions
{
    public const string Section = "Auth";

    /// <summary>
    /// Lets callers on this machine act with the developer key without presenting it. In Development only: elsewhere
    /// the process does not start with it.
    /// </summary>
    public bool LoopbackAsDeveloper { get; set; }
}

/// <summary>
/// <c>Authorization: Bearer</c> with an API key. Every endpoint demands one unless it says otherwise.
/// </summary>
internal sealed class ApiKeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    ApiKeys keys,
    RefusedUse refusedUse,
    IOptions<AuthOptions> auth) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "Bearer";

    private const string Prefix = "Bearer ";

    private static readonly AuthenticateResult UnknownKey = AuthenticateResult.Fail("No such API key.");

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // What is open to everybody does not depend on the database, in which keys are looked up.
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return AuthenticateResult.NoResult();
        }

        var header = Request.Headers.Authorization;
        if (header.Count == 0)
        {
            return auth.Value.LoopbackAsDeveloper && IsOnThisMachine(Request)
                ? await AuthenticateAsync(DeveloperKeys.Demo)
                : AuthenticateResult.NoResult();
        }

        return header is [{ } value] && value.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            ? await AuthenticateAsync(value[Prefix.Length..].Trim())
            : UnknownKey;
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var presented = Request.Headers.Authorization.Count > 0;
        Response.Headers.WWWAuthenticate = presented ? "Bearer error=\"invalid_token\"" : "Bearer";
        return new Problem(ProblemTypes.Unauthorized, presented
            ? "The API key is unknown, has expired or was revoked."
            : "The request needs the header Authorization: Bearer <API key>.").ExecuteAsync(Context);
    }

    protected override async Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var scope = Context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>()?.Policy ?? "";
        await refusedUse.RecordAsync(Context, scope);
        Response.Headers.WWWAuthenticate = $"Bearer error=\"insufficient_scope\", scope=\"{scope}\"";
        await new Problem(ProblemTypes.InsufficientScope, $"The API key needs the scope {scope}.")
            .ExecuteAsync(Context);
    }

    private async Task<AuthenticateResult> AuthenticateAsync(string key) =>
        await keys.FindAsync(key, Context.RequestAborted) is { } caller
            ? AuthenticateResult.Success(new AuthenticationTicket(caller, SchemeName))
            : UnknownKey;

    // A proxy on this machine passes on who called it: a caller from elsewhere is none of this machine.
    private static bool IsForwardedFromHere(HttpRequest request) => request.Headers["X-Forwarded-For"]
        .SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries))
        .All(address => IPAddress.TryParse(address, out var caller) && IPAddress.IsLoopback(caller));

    // A web page of another origin must not act as the developer through the developer's browser: it would carry its
    // Origin, or name its own host (DNS rebinding), or be marked as cross-site.
    private static bool IsOnThisMachine(HttpRequest request)
    {
        var address = request.HttpContext.Connection.RemoteIpAddress;
        return address is not null
            && IPAddress.IsLoopback(address)
            && IsLocalHost(request.Host.Host)
            && IsForwardedFromHere(request)
            && request.Headers["Sec-Fetch-Site"] != "cross-site"
            && (request.Headers.Origin.Count == 0
                || (Uri.TryCreate(request.Headers.Origin, UriKind.Absolute, out var origin)
                    && IsLocalHost(origin.Host)));
    }

    private static bool IsLocalHost(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host is "127.0.0.1" or "[::1]";
}

internal static class ApiKeyServices
{
    public static void AddApiKeys(this IServiceCollection services)
    {
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<RefusedUse>();
        services.AddAuthentication(ApiKeyAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyAuthentication>(ApiKeyAuthentication.SchemeName, null);
        services.AddAuthorization(Scopes.AddPolicies);
        services.AddOptions<RateLimitOptions>()
            .BindConfiguration(RateLimitOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<AuthOptions>()
            .BindConfiguration(AuthOptions.Section)
            .Validate<IHostEnvironment>(
                (options, environment) => !options.LoopbackAsDeveloper || environment.IsDevelopment(),
                "Auth:LoopbackAsDeveloper is for Development only: it lets callers in without a key.")
            .ValidateOnStart();
    }
}
