using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Payments.Providers.Disturbances;

/// <summary>
/// What the surfaces of both providers share: credentials, breaking, and saying how old an answer is.
/// </summary>
internal static class Wire
{
    private const int WaitSeconds = 5;

    /// <summary>Fails the request as the provider is told to fail; false when it is not.</summary>
    public static async Task<bool> BreaksAsync(HttpContext context, SandboxProvider provider, string codeAndMessage)
    {
        switch (provider.Disturbance.Broken)
        {
            case Breakage.Error:
                await WriteAsync(context, StatusCodes.Status503ServiceUnavailable, codeAndMessage);
                return true;

            case Breakage.RateLimit:
                context.Response.Headers.RetryAfter = WaitSeconds.ToString(CultureInfo.InvariantCulture);
                await WriteAsync(context, StatusCodes.Status429TooManyRequests, codeAndMessage);
                return true;

            case Breakage.Timeout:
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return true;

            case Breakage.Truncated:
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync("{\"data\":[{", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                context.Abort();
                return true;

            default:
                return false;
        }
    }

    /// <summary>Compares in constant time, as it would be done where it matters.</summary>
    public static bool IsAuthorized(HttpContext context, string expected) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(context.Request.Headers.Authorization.ToString()), Encoding.UTF8.GetBytes(expected));

    /// <summary>The error body of both providers: a number and a sentence.</summary>
    public static string Error(long code, string message) => JsonSerializer.Serialize(new { code, message });

    public static Task WriteAsync(HttpContext context, int status, string json)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json, context.RequestAborted);
    }

    /// <summary>
    /// Says in whole seconds how old the answer is, by the header that caches use for it. Rounded up: an answer must
    /// not pass for younger than it is.
    /// </summary>
    public static void TellAge(HttpContext context, Holdings holdings, TimeProvider clock)
    {
        var age = clock.GetUtcNow() - holdings.AsOf;
        if (age >= TimeSpan.FromSeconds(1))
        {
            context.Response.Headers.Age = Math.Ceiling(age.TotalSeconds).ToString("0", CultureInfo.InvariantCulture);
        }
    }
}
