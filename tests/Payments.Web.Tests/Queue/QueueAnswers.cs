namespace Payments.Web.Tests.Queue;

/// <summary>What the API answers of the queue.</summary>
internal static class QueueAnswers
{
    private const string RunningWorker = """
        {"id":"host-1-abc","state":"running","startedAt":"2026-03-01T09:00:00Z","seenAt":"2026-03-01T10:00:00Z",
         "settledLastMinute":1234,"pauseAskedAt":null,"pauseAskedBy":null,"pausedSince":null}
        """;

    public static string Stats(
        long depth = 12_345, string workers = RunningWorker, string pause = """{"paused":false}""") => $$"""
        {"depth":{{depth}},"inFlight":100,"delayed":2,"dead":3,"oldestReadyAgeSeconds":125.4,
         "throughput":{"settledLastMinute":1234,"perSecond":20.57},
         "blockedAccounts":{"count":1,"accounts":[{"accountId":"ACC-STUCK","currency":"USD","delayed":1,"dead":0,
           "oldestCreatedAt":"2026-03-01T10:00:00Z","lastError":"no room"}]},
         "pause":{{pause}},"workers":[{{workers}}],"asOf":"2026-03-01T10:00:00Z"}
        """;
}
