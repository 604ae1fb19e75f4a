using Payments.Ledger.Webhooks;
using Recon.Worker.Duties;

namespace Recon.Worker.Webhooks;

/// <summary>
/// Makes one attempt of a delivery, and another when the schedule says so. At least once: a worker that dies between
/// the send and its record sends again, under the same id. Deliveries overtake each other.
/// </summary>
internal sealed class DeliverWebhook(
    DutySessions database, WebhookVault vault, SendWebhook send, RecordAttempt record, TargetTurns turns,
    TimeProvider clock, Random random)
    : IDutyHandler
{
    // What a rest's end is spread over, so that a target is not met by all that waited.
    private const double RestJitter = 0.2;

    public string Kind => WebhookOutbox.DutyKind;

    // A failure of the duty is one of this system, such as a worker that died: those of targets are counted apart.
    public int FailureLimit => 25;

    public async Task<DutyOutcome> RunAsync(Duty duty, CancellationToken cancel)
    {
        var work = duty.Read<Work>();
        var delivery = await FindAsync(work, cancel);
        if (delivery is null)
        {
            return DutyOutcome.Done;
        }

        if (!delivery.Enabled)
        {
            await record.CancelAsync(duty, delivery, cancel);
            return DutyOutcome.Done;
        }

        if (delivery.DueInSeconds > 0 || delivery.RestsForSeconds > 0)
        {
            var rest = delivery.RestsForSeconds * (1 + (random.NextDouble() * RestJitter));
            return DutyOutcome.Later(TimeSpan.FromSeconds(Math.Max(delivery.DueInSeconds, rest)));
        }

        using var turn = turns.TryEnter(delivery.TargetId, out var wait);
        return turn is null ? DutyOutcome.Later(wait) : await SendAsync(duty, delivery, cancel);
    }

    public Task BuriedAsync(Npgsql.NpgsqlConnection connection, Duty duty, string error, CancellationToken cancel) =>
        RecordAttempt.BuryAsync(connection, duty.Read<Work>(), error, cancel);

    private async Task<DutyOutcome> SendAsync(Duty duty, Delivery delivery, CancellationToken cancel)
    {
        IReadOnlyList<byte[]> secrets;
        await using (var connection = await database.OpenAsync(cancel))
        {
            secrets = await vault.ReadAsync(connection, delivery.TargetId, cancel);
        }

        var startedAt = clock.GetUtcNow();
        var started = clock.GetTimestamp();
        var answer = await send.ExecuteAsync(delivery.Url, delivery.EventId, delivery.Payload, secrets, cancel);
        return await record.ExecuteAsync(
            duty, delivery, new Attempt(startedAt, clock.GetElapsedTime(started), answer), cancel);
    }

    private async Task<Delivery?> FindAsync(Work work, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        return await Delivery.FindAsync(connection, work, cancel);
    }

    /// <summary>The duty's arguments.</summary>
    internal sealed record Work(Guid DeliveryId, int Round);
}
