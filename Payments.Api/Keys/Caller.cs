using System.Security.Claims;
using Payments.Ledger.Audit;

namespace Payments.Api.Keys;

/// <summary>An API key that is good now, without the key itself.</summary>
/// <param name="OwnerId">Idempotency keys belong to the owner, so a rotated API key pays nothing twice.</param>
/// <param name="Limit">Shared by all requests of the key in this process; null: none.</param>
internal sealed record ApiKey(
    Guid Id, int OwnerId, string OwnerName, DateTimeOffset? ExpiresAt, IReadOnlySet<string> Scopes, RateLimit? Limit);

/// <summary>Whoever presented a valid API key.</summary>
internal sealed class Caller(ApiKey key) : ClaimsPrincipal(
    new ClaimsIdentity([new Claim(ClaimTypes.Name, key.OwnerName)], ApiKeyAuthentication.SchemeName))
{
    public ApiKey Key { get; } = key;

    /// <summary>Who the audit trail says it was.</summary>
    public AuditActor Actor => new(Key.OwnerName, Key.Id);

    /// <exception cref="InvalidOperationException">The endpoint does not demand an API key.</exception>
    public static Caller Of(HttpContext context) =>
        context.User as Caller ?? throw new InvalidOperationException("The endpoint demands no API key.");
}
