using Payments.Api.Describing;

namespace Payments.Api.Keys;

/// <summary>What a caller may know of the key that it presents.</summary>
/// <param name="RequestsPerSecond">For each process of the API; null: no limit.</param>
internal sealed record KeyAnswer(
    Guid Id, string Owner, IReadOnlyList<string> Scopes, DateTimeOffset? ExpiresAt, int? RequestsPerSecond);

internal static class KeyEndpoints
{
    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/keys/current", Current)
            .RequireAuthorization()
            .WithTags("Keys").WithName("GetCurrentKey").WithSummary("Whose key this request presents, and its scopes")
            .Answers(new KeyAnswer(
                Examples.KeyId, "shop", ["payments:read", "payments:write"], Examples.At(7_776_000), 500));
    }

    private static JsonAnswer<KeyAnswer> Current(HttpContext context)
    {
        var key = Caller.Of(context).Key;
        return JsonAnswer.Of(
            new KeyAnswer(
                key.Id, key.OwnerName, [.. key.Scopes.Order(StringComparer.Ordinal)], key.ExpiresAt,
                key.Limit?.RequestsPerSecond),
            ApiJson.Default.KeyAnswer);
    }
}
