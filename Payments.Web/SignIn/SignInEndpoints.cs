using System.Net;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Payments.Web.SignIn;

/// <summary>
/// Operators sign in with their own API key. It is kept in a cookie that is encrypted, out of reach of scripts and not
/// sent by other sites, and goes to the API with every call.
/// </summary>
internal static class SignInEndpoints
{
    public const string Address = "/sign-in";

    /// <summary>The cookie that holds the operator's key.</summary>
    public const string Cookie = "payments-operator";

    // Only in Development: whoever signed out there does not want to be the developer again at once.
    private const string SignedOutCookie = "payments-signed-out";

    private const int LongestKey = 256;

    public static void AddSignIn(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<SignInOptions>()
            .BindConfiguration(SignInOptions.Section)
            .ValidateDataAnnotations()
            .Validate<IHostEnvironment>(
                (options, environment) => options.DeveloperKey is null || environment.IsDevelopment(),
                "SignIn:DeveloperKey is for Development only: it signs everybody in.")
            .ValidateOnStart();
        services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(cookie =>
        {
            cookie.Cookie.Name = Cookie;
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.SameSite = SameSiteMode.Lax;
            cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            cookie.LoginPath = Address;
            cookie.SlidingExpiration = false;
        });
        services.AddAuthorization();
        services.AddCascadingAuthenticationState();

        var protection = services.AddDataProtection().SetApplicationName("Payments.Web");
        if (configuration.GetSection(SignInOptions.Section)[nameof(SignInOptions.KeyRingDirectory)] is
            { Length: > 0 } directory)
        {
            protection.PersistKeysToFileSystem(new DirectoryInfo(directory));
        }
    }

    /// <summary>Knows the operator by the cookie; in Development, everybody else as the developer.</summary>
    public static void UseSignIn(this WebApplication app)
    {
        app.UseAuthentication();
        var options = app.Services.GetRequiredService<IOptions<SignInOptions>>().Value;
        if (options.DeveloperKey is { } key)
        {
            app.Use(next => context =>
            {
                if (context.User.Identity?.IsAuthenticated != true
                    && !context.Request.Cookies.ContainsKey(SignedOutCookie))
                {
                    context.User = Operator.Of(options.DeveloperName, key, "Development");
                }

                return next(context);
            });
        }

        app.UseAuthorization();
    }

    /// <summary>Every page but those that say otherwise is for operators.</summary>
    public static void RequireOperator(this RazorComponentsEndpointConventionBuilder pages) => pages.Add(endpoint =>
    {
        // Not the circuit itself: the pages for everybody have one too, and without an operator it shows nothing.
        if (endpoint.Metadata.OfType<ComponentTypeMetadata>().Any())
        {
            endpoint.Metadata.Add(new AuthorizeAttribute());
        }
    });

    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        MapForm(routes, Address, SignInAsync);
        MapForm(routes, "/sign-out", SignOutAsync);
    }

    // What it accepts tells the form from the page of the same address, which answers POST too.
    private static void MapForm(IEndpointRouteBuilder routes, string address, Delegate handler) =>
        routes.MapPost(address, handler)
            .AllowAnonymous()
            .Accepts<IFormCollection>("application/x-www-form-urlencoded", "multipart/form-data")
            .WithMetadata(new RequireAntiforgeryTokenAttribute());

    /// <summary>The address of the sign-in page, with what went wrong and where to go afterwards.</summary>
    private static string SignInPage(string error, string returnUrl) =>
        Address + QueryString.Create("error", error).Add("ReturnUrl", returnUrl);

    private static async Task<Results<RedirectHttpResult, BadRequest>> SignInAsync(
        HttpContext context, OperatorKeys keys, IOptions<SignInOptions> options, TimeProvider clock)
    {
        if (IsOfAnotherSite(context))
        {
            return Refuse(context);
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var key = form["key"].ToString().Trim();
        var returnUrl = form["returnUrl"].ToString();
        var target = RedirectHttpResult.IsLocalUrl(returnUrl) ? returnUrl : "/";
        if (key is not { Length: > 0 and <= LongestKey } || key.Any(c => !char.IsAscii(c) || char.IsControl(c)))
        {
            return TypedResults.LocalRedirect(SignInPage(SignInError.Unknown, target));
        }

        var (found, problem) = await keys.FindAsync(key, context.RequestAborted);
        if (found is null)
        {
            return TypedResults.LocalRedirect(SignInPage(
                problem!.Status == HttpStatusCode.Unauthorized ? SignInError.Unknown : SignInError.Unreachable,
                target));
        }

        var until = clock.GetUtcNow() + TimeSpan.FromHours(options.Value.Hours);
        await context.SignInAsync(
            Operator.Of(found.Owner, key, CookieAuthenticationDefaults.AuthenticationScheme),
            new AuthenticationProperties { ExpiresUtc = found.ExpiresAt < until ? found.ExpiresAt : until });
        context.Response.Cookies.Delete(SignedOutCookie);
        return TypedResults.LocalRedirect(target);
    }

    private static async Task<Results<RedirectHttpResult, BadRequest>> SignOutAsync(
        HttpContext context, IOptions<SignInOptions> options)
    {
        if (IsOfAnotherSite(context))
        {
            return Refuse(context);
        }

        await context.SignOutAsync();
        if (options.Value.DeveloperKey is not null)
        {
            context.Response.Cookies.Append(
                SignedOutCookie, "1", new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax });
        }

        return TypedResults.LocalRedirect(Address);
    }

    // Without the page for status codes: it would be rendered for the same request, whose form nobody may read.
    private static BadRequest Refuse(HttpContext context)
    {
        if (context.Features.Get<IStatusCodePagesFeature>() is { } pages)
        {
            pages.Enabled = false;
        }

        return TypedResults.BadRequest();
    }

    // The middleware looked at the token, and leaves what follows to us.
    private static bool IsOfAnotherSite(HttpContext context) =>
        context.Features.Get<IAntiforgeryValidationFeature>() is { IsValid: false };
}

/// <summary>Why a sign-in did not work, as the address of the sign-in page says it.</summary>
internal static class SignInError
{
    public const string Unknown = "unknown";

    public const string Unreachable = "unreachable";
}
