using Payments.Api.Describing;

namespace Payments.Api.Queue;

/// <summary>The queue as the OpenAPI document shows it.</summary>
internal static class QueueExamples
{
    public const string Pause = """{"reason": "month end"}""";

    public const string Resume = """{"workerId": "worker-1"}""";

    private static readonly WorkerAnswer Worker = new(
        "worker-1", "running", Examples.At(-3_600), Examples.At(9), SettledLastMinute: 1_240, PauseAskedAt: null,
        PauseAskedBy: null, PausedSince: null);

    private static readonly QueuePauseAnswer Running = new(Paused: false, null, null, null);

    private static readonly QueuePauseAnswer MonthEnd = new(Paused: true, Examples.At(10), "operator", "month end");

    public static QueueStatsAnswer Stats { get; } = new(
        Depth: 3, InFlight: 64, Delayed: 1, Dead: 0, OldestReadyAgeSeconds: 0.021,
        new ThroughputAnswer(1_240, 20.7),
        new BlockedAccountsAnswer(
            1,
            [new BlockedAccountAnswer("ACC-009", "USD", 1, 0, Examples.At(-5), "the account's row is locked")]),
        Running, [Worker], Examples.At(10));

    public static QueueControlAnswer Paused { get; } = new(MonthEnd, [Worker with { State = "paused" }]);

    public static QueueControlAnswer Resumed { get; } = new(Running, [Worker]);

    public static DeadLetterAnswer DeadLetter { get; } = new(
        Examples.PaymentId, Examples.PaymentId, "payment", "ACC-001", PayerAccountId: null, 100.00m, "USD",
        Attempts: 7, Failures: 5, "the account's row is locked", "worker-1", Examples.At(0), Examples.At(620),
        Redrives: 0);

    public static RedriveAnswer Redrive { get; } = new(
        "1", Examples.PaymentId, Examples.PaymentId, Examples.At(900), "operator", Examples.At(620), Attempts: 7,
        Failures: 5, "the account's row is locked");

    public static RedrivenAnswer Redriven { get; } = new(1);
}
