using System.Security.Claims;

namespace Payments.Web.SignIn;

/// <summary>Who is signed in: the owner of an API key, with the key itself in the encrypted cookie.</summary>
internal static class Operator
{
    private const string KeyClaim = "api_key";

    public static ClaimsPrincipal Of(string owner, string key, string scheme) => new(new ClaimsIdentity(
        [new Claim(ClaimTypes.Name, owner), new Claim(KeyClaim, key)], scheme));

    /// <summary>The key under which the operator acts; null when nobody is signed in.</summary>
    public static string? KeyOf(ClaimsPrincipal user) => user.FindFirst(KeyClaim)?.Value;
}
