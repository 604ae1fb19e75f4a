using System.Globalization;
using System.Text.Json;
using Dapper;
using Npgsql;

namespace Payments.Api.Validation.Checks;

/// <summary>A worker settles the payment in the time allowed, as completed and matched.</summary>
internal sealed class WorkerProcessing(
    ApiClient api, NpgsqlDataSource database, ValidationOptions options, TimeProvider clock) : ICheck
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public string Name => "Worker processing";

    public string Step => string.Create(
        CultureInfo.InvariantCulture,
        $"Wait for the worker to process the job (at most {options.SettleWithin.TotalSeconds} seconds)");

    public async Task<Finding> RunAsync(TrialPayment payment, CancellationToken cancel)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            var answer = await api.GetAsync(payment.Location, cancel);
            if (answer.Unless(StatusCodes.Status200OK) is { } refused)
            {
                return refused;
            }

            var json = answer.Json;
            var job = Member(json, "job");
            if (Text(Member(json, "status")) != "pending")
            {
                return Judge(json, job, clock.GetElapsedTime(started));
            }

            if (Text(Member(job, "status")) == "dead")
            {
                return new Finding.Failed(
                    "a settled payment", "a dead letter",
                    $"The worker gave the job up: {Text(Member(job, "lastError"))}");
            }

            if (clock.GetElapsedTime(started) >= options.SettleWithin)
            {
                return await NotSettledAsync(job, cancel);
            }

            await Task.Delay(Pause, clock, cancel);
        }
    }

    private static Finding Judge(JsonElement json, JsonElement job, TimeSpan took)
    {
        var result = Member(json, "reconciliation");
        var amount = TrialPayment.Amount;
        var attempts = Member(job, "attempts");
        var worker = Text(Member(job, "lockedBy"));
        return Finding.FirstDifference(
            "The payment was settled otherwise than the rules say for its amount.",
            Fact.Text(json, "status", "completed"),
            Fact.Nothing(json, "failureReason"),
            Fact.Nothing(json, "discrepancy"),
            Fact.Text(job, "status", "completed"),
            Fact.Of("claimed by a worker", true, worker.Length > 0),
            Fact.Member(result, "matched", "true"),
            Fact.Text(result, "status", "completed"),
            Fact.Amount(result, "expectedAmount", amount),
            Fact.Amount(result, "actualAmount", amount))
            ?? (Finding)new Finding.Passed(string.Create(
                CultureInfo.InvariantCulture,
                $"completed and matched after {took.TotalSeconds:0.0} s by {worker}, attempts {attempts}"));
    }

    private async Task<Finding> NotSettledAsync(JsonElement job, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var alive = await connection.ExecuteScalarAsync<int>(
            new CommandDefinition(AliveSql, cancellationToken: cancel));
        var lastError = Text(Member(job, "lastError"));
        return new Finding.Failed(
            string.Create(
                CultureInfo.InvariantCulture, $"settled within {options.SettleWithin.TotalSeconds} seconds"),
            $"still pending; its job is {Text(Member(job, "status"))}, attempts {Member(job, "attempts")}",
            alive == 0
                ? "No worker is alive: none has sent a heartbeat for 30 seconds."
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"Workers alive: {alive}; their log says what they do")
                    + (lastError.Length == 0 ? "." : $", and the job's last error is: {lastError}"));
    }

    private static JsonElement Member(JsonElement json, string name) =>
        json.TryGetMember(name, out var member) ? member : default;

    private static string Text(JsonElement json) =>
        json.ValueKind == JsonValueKind.String ? json.GetString()! : "";

    private const string AliveSql = """
        SELECT count(*)::int
        FROM workers
        WHERE seen_at > clock_timestamp() - interval '30 seconds'
        """;
}
