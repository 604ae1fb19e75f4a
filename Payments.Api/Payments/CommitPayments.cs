using Microsoft.Extensions.Options;
using Npgsql;

namespace Payments.Api.Payments;

/// <summary>
/// Commits payments and their jobs, many in one transaction, over a connection of its own. Every item that is handed in
/// is completed: a bad one is isolated and never fails its neighbours, and a lost connection is answered by the
/// idempotency keys, since a payment that was committed without our hearing of it is found under its own key.
/// </summary>
/// <remarks>Not sealed for the benchmarks, which measure the API also without this call.</remarks>
internal class CommitPayments(
    NpgsqlDataSource database, IOptions<IntakeOptions> options, TimeProvider clock, ILogger<CommitPayments> logger)
    : IAsyncDisposable
{
    // Bridges the restart of a server. Whoever waits longer is better told to come again.
    private static readonly TimeSpan[] RetryDelays =
        [.. new[] { 50, 150, 400, 700 }.Select(milliseconds => TimeSpan.FromMilliseconds(milliseconds))];

    // While the batch is halved to find the one whose key is held, each half waits for that key again.
    private const int KeyWaitWhileSplittingMilliseconds = 10;

    private const int MostRounds = 3;

    private readonly IntakeSession _session = new(database);
    private readonly List<IntakeItem> _conflicting = [];
    private readonly List<IntakeItem> _released = [];
    private bool _outage;

    /// <summary>
    /// Completes every item, except those it returns, whose turn it is now (see <see cref="IntakeItem.Fail"/>).
    /// </summary>
    public virtual async Task<List<IntakeItem>> ExecuteAsync(List<IntakeItem> items)
    {
        using var activity = IntakeTelemetry.StartBatch(items);
        var started = clock.GetTimestamp();
        _released.Clear();

        // A key that was found taken is looked up. Should its row be gone by then, it is free: from the start again.
        IReadOnlyList<IntakeItem> round = items;
        for (var i = 0; i < MostRounds && round.Count > 0; i++)
        {
            _conflicting.Clear();
            await InsertAsync(round, options.Value.KeyWaitMilliseconds);
            round = _conflicting.Count == 0 ? [] : await LookUpAsync([.. _conflicting]);
        }

        CompleteAll(round, IntakeResult.Unavailable);
        IntakeTelemetry.Committed(items.Count, clock.GetElapsedTime(started));
        return [.. _released];
    }

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    private async Task InsertAsync(IReadOnlyList<IntakeItem> items, int keyWaitMilliseconds)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var taken = await _session.InsertAsync(items, keyWaitMilliseconds);
                _outage = false;
                _conflicting.AddRange(taken);
                return;
            }
            catch (PostgresException e) when (IsKeyHeld(e))
            {
                await HalveAsync(items, e, KeyWaitWhileSplittingMilliseconds);
                return;
            }
            catch (Exception e) when (Problems.IsOutage(e))
            {
                if (!await MayRetryAsync(e, attempt))
                {
                    CompleteAll(items, IntakeResult.Unavailable);
                    return;
                }
            }
            catch (PostgresException e)
            {
                await HalveAsync(items, e, keyWaitMilliseconds);
                return;
            }
        }
    }

    private async Task HalveAsync(IReadOnlyList<IntakeItem> items, PostgresException error, int keyWaitMilliseconds)
    {
        if (items.Count > 1)
        {
            var half = items.Count / 2;
            await InsertAsync([.. items.Take(half)], keyWaitMilliseconds);
            await InsertAsync([.. items.Skip(half)], keyWaitMilliseconds);
        }
        else if (IsKeyHeld(error))
        {
            items[0].CompleteWith(IntakeResult.KeyInUse);
        }
        else
        {
            logger.LogError(error, "Payment {PaymentId} was refused by the database", items[0].Payment.Id);
            _released.AddRange(items[0].Fail(error));
        }
    }

    /// <summary>
    /// Completes the items whose keys are taken; returns those whose keys are not, against expectation.
    /// </summary>
    private async Task<IReadOnlyList<IntakeItem>> LookUpAsync(IntakeItem[] items)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var originals = await _session.LookUpAsync(items);
                for (var i = 0; i < items.Length; i++)
                {
                    if (originals[i] is { } original)
                    {
                        items[i].CompleteWith(original);
                    }
                }

                return [.. items.Where((_, i) => originals[i] is null)];
            }
            catch (Exception e) when (Problems.IsOutage(e))
            {
                if (!await MayRetryAsync(e, attempt))
                {
                    CompleteAll(items, IntakeResult.Unavailable);
                    return [];
                }
            }
        }
    }

    // Only the first batch of an outage waits it out; those behind it get one attempt each, so that the queue drains.
    private async Task<bool> MayRetryAsync(Exception error, int attempt)
    {
        await _session.CloseAsync();
        if (_outage || attempt == RetryDelays.Length)
        {
            if (!_outage)
            {
                logger.LogError(error, "The database cannot be reached; payments are answered 503 until it can");
            }

            _outage = true;
            return false;
        }

        await Task.Delay(RetryDelays[attempt], clock);
        return true;
    }

    private static void CompleteAll(IReadOnlyList<IntakeItem> items, IntakeResult result)
    {
        foreach (var item in items)
        {
            item.CompleteWith(result);
        }
    }

    // Two processes that insert the same keys wait for each other; keys are sent in order, so a deadlock is not to be
    // expected, but it would mean the same.
    private static bool IsKeyHeld(PostgresException e) =>
        e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected;
}
