using Payments.Api.Describing;
using Payments.Api.Idempotency;
using Payments.Api.Keys;

namespace Payments.Api.Cache;

internal static class CacheEndpoints
{
    public static void MapCache(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/cache/stats", Stats)
            .RequireAuthorization(Scopes.PaymentsRead)
            .WithTags("Cache").WithName("GetCacheStats")
            .WithSummary("What this process has replayed, and what it holds of finished answers")
            .Answers(new CacheStatsAnswer(
                ReplaysServed: 18, KeysHeld: 240, Hits: 12, Misses: 2_388, HitRate: 0.005, Examples.At(-3_600)));

    private static JsonAnswer<CacheStatsAnswer> Stats(FinishedAnswers answers) =>
        JsonAnswer.Of(CacheStatsAnswer.Of(answers), ApiJson.Default.CacheStatsAnswer);
}

/// <summary>What this process has replayed since it started.</summary>
/// <param name="ReplaysServed">Repeated requests that were given the first one's answer.</param>
/// <param name="KeysHeld">Keys whose finished answers are held in memory; those never change.</param>
/// <param name="HitRate">Hits among all looks into memory, 0 to 1; null before the first.</param>
internal sealed record CacheStatsAnswer(
    long ReplaysServed, long KeysHeld, long Hits, long Misses, double? HitRate, DateTimeOffset Since)
{
    public static CacheStatsAnswer Of(FinishedAnswers answers)
    {
        var (hits, misses) = (answers.Hits, answers.Misses);
        return new CacheStatsAnswer(
            answers.Replays,
            answers.Count,
            hits,
            misses,
            hits + misses == 0 ? null : Math.Round((double)hits / (hits + misses), 4),
            answers.Since);
    }
}
