using Payments.Api.Keys;

namespace Payments.Api.Cache;

internal static class CacheEndpoints
{
    public static void AddCache(this IServiceCollection services) => services.AddSingleton<ReplayStats>();

    public static void MapCache(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/cache/stats", Stats)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithTags("Cache").WithName("GetCacheStats")
            .WithSummary("What this process has replayed, and what it holds of finished answers")
            .Produces<CacheStatsAnswer>()
            .ProducesProblems();

    private static JsonAnswer<CacheStatsAnswer> Stats(ReplayStats stats) =>
        JsonAnswer.Of(stats.Read(), ApiJson.Default.CacheStatsAnswer);
}
