using Dapper;
using Npgsql;
using Payments.Ledger.Audit;
using Payments.Ledger.Webhooks;
using Recon.Worker.Duties;

namespace Recon.Worker.Webhooks;

/// <summary>
/// Writes down an attempt and what follows from it, in one transaction under the duty's guard: delivered, due again, or
/// failed for good, and whether the target rests or is disabled.
/// </summary>
internal sealed class RecordAttempt(
    DutySessions database, DisableTarget disableTarget, WebhookTelemetry telemetry, Random random,
    ILogger<RecordAttempt> logger)
{
    private const int LongestError = 500;

    private static readonly AuditActor Worker = new(WorkerTelemetry.SourceName);

    public async Task<DutyOutcome> ExecuteAsync(
        Duty duty, Delivery delivery, Attempt attempt, CancellationToken cancel)
    {
        var answer = attempt.Answer;
        var ends = answer.Succeeded || answer.IsGone || delivery.RoundAttempts + 1 >= delivery.MostAttempts;
        TimeSpan? wait = ends ? null : WaitAfter(delivery.RoundAttempts + 1, answer.Pause);
        var status = answer.Succeeded ? "delivered" : ends ? "failed" : "pending";
        await using (var connection = await database.OpenAsync(cancel))
        {
            await using var transaction = await connection.BeginTransactionAsync(cancel);
            await duty.GuardAsync(connection, cancel);
            await connection.ExecuteAsync(new CommandDefinition(
                RecordSql, Parameters(delivery, attempt, status, wait), cancellationToken: cancel));
            var disabled = ReasonToDisable(delivery, answer, ends) is { } reason
                && (answer.IsGone || await HasOnlyFailedAsync(connection, delivery, cancel))
                && await disableTarget.ExecuteAsync(connection, delivery.TargetId, reason, Worker, cancel);

            // The receiver has it by now: from here on a stop of the process must not undo the record.
            await transaction.CommitAsync(CancellationToken.None);
            telemetry.Attempted(status, disabled);
            Log(delivery, answer, status, disabled);
        }

        return wait is { } later ? DutyOutcome.Later(later) : DutyOutcome.Done;
    }

    /// <summary>The target is disabled or deleted: the delivery is over, and may be replayed.</summary>
    public async Task CancelAsync(Duty duty, Delivery delivery, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await duty.GuardAsync(connection, cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            EndSql, new { delivery.Id, delivery.Round, status = "cancelled", error = "The target is disabled." },
            cancellationToken: cancel));
        await transaction.CommitAsync(cancel);
    }

    /// <summary>The duty went to the dead letters, in this transaction.</summary>
    public static Task BuryAsync(
        NpgsqlConnection connection, DeliverWebhook.Work work, string error, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(
            EndSql, new { id = work.DeliveryId, work.Round, status = "failed", error }, cancellationToken: cancel));

    private TimeSpan WaitAfter(int attempts, TimeSpan? pause)
    {
        var wait = WebhookSchedule.WaitAfter(attempts, random);
        return pause > wait ? pause.Value : wait;
    }

    // A schedule takes three days: a target that has answered nothing meanwhile is not coming back by itself.
    private static string? ReasonToDisable(Delivery delivery, WebhookAnswer answer, bool ends) =>
        answer.IsGone ? "It answered 410 Gone."
        : ends && !answer.Succeeded && delivery.Type != WebhookEventType.Test
            ? FormattableString.Invariant(
                $"No delivery succeeded since {delivery.RoundStartedAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC.")
        : null;

    private static Task<bool> HasOnlyFailedAsync(
        NpgsqlConnection connection, Delivery delivery, CancellationToken cancel) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            HasOnlyFailedSql, new { delivery.TargetId, delivery.Id, delivery.Round }, cancellationToken: cancel));

    private static object Parameters(Delivery delivery, Attempt attempt, string status, TimeSpan? wait)
    {
        var answer = attempt.Answer;
        return new
        {
            delivery.Id,
            delivery.TargetId,
            delivery.Round,
            attempt.StartedAt,
            milliseconds = (int)attempt.Took.TotalMilliseconds,
            answer.StatusCode,
            answer.Answer,
            error = answer.Error is { Length: > LongestError } error ? error[..LongestError] : answer.Error,
            answer.Succeeded,
            answer.Pause,
            status,
            wait,
        };
    }

    private void Log(Delivery delivery, WebhookAnswer answer, string status, bool disabled)
    {
        if (status == "failed")
        {
            logger.LogError(
                "Webhook {MessageId} to target {TargetId} failed for good: {Reason}", delivery.EventId,
                delivery.TargetId, answer.Error);
        }

        if (disabled)
        {
            logger.LogError("Webhook target {TargetId} was disabled: {Reason}", delivery.TargetId, answer.Error);
        }
    }

    // A replay may have begun a new round meanwhile: then the attempt is logged, and decides nothing.
    private const string RecordSql = """
        WITH delivery AS (
            UPDATE webhook_deliveries
            SET attempts = attempts + 1,
                round_attempts = round_attempts + CASE WHEN round = @round THEN 1 ELSE 0 END,
                status = CASE WHEN round = @round THEN @status ELSE status END,
                next_attempt_at = CASE WHEN round = @round THEN clock_timestamp() + @wait::interval
                    ELSE next_attempt_at END,
                finished_at = CASE WHEN round <> @round THEN finished_at
                    WHEN @status <> 'pending' THEN clock_timestamp() END,
                last_status_code = @statusCode, last_error = @error
            WHERE id = @id
            RETURNING id, attempts
        ), target AS (
            UPDATE webhook_targets
            SET last_success_at = CASE WHEN @succeeded THEN clock_timestamp() ELSE last_success_at END,
                last_failure_at = CASE WHEN @succeeded THEN last_failure_at ELSE clock_timestamp() END,
                resting_until = CASE WHEN @succeeded THEN NULL
                    ELSE greatest(resting_until, clock_timestamp() + @pause::interval) END
            WHERE id = @targetId
        ), forgotten AS (
            UPDATE webhook_secrets
            SET secret = NULL
            WHERE target_id = @targetId AND expires_at <= clock_timestamp() AND secret IS NOT NULL
        )
        INSERT INTO webhook_attempts (delivery_id, number, started_at, milliseconds, status_code, answer, error)
        SELECT delivery.id, delivery.attempts, @startedAt, @milliseconds, @statusCode, @answer, @error
        FROM delivery
        """;

    private const string EndSql = """
        UPDATE webhook_deliveries
        SET status = @status, last_error = @error, next_attempt_at = NULL, finished_at = clock_timestamp()
        WHERE id = @id AND round = @round AND status = 'pending'
        """;

    // Of this round: one that was begun anew has hardly started, and everything before it would count as failed.
    private const string HasOnlyFailedSql = """
        SELECT d.round = @round AND coalesce(t.last_success_at < d.round_started_at, true)
        FROM webhook_targets AS t
        CROSS JOIN webhook_deliveries AS d
        WHERE t.id = @targetId AND d.id = @id
        """;
}
