using System.Diagnostics;
using Dapper;
using Payments.Ledger;
using Payments.Ledger.Reconciliation;
using Recon.Worker.Duties;

namespace Recon.Worker.Reconciliation;

/// <summary>
/// Queues the run of each slot once, however many workers there are. After an outage the latest slot of each kind that
/// was missed is made up for, and not all of them: a run looks at everything there is, so one is enough. Slots follow
/// from this machine's clock, and each is given out when the database's clock has come to it as well: a machine that is
/// ahead would give out slots that all others still have to wait for.
/// </summary>
internal sealed class ReconciliationScheduler(
    DutySessions database,
    ReconciliationOptions options,
    TimeProvider clock,
    ILogger<ReconciliationScheduler> logger) : BackgroundService
{
    private const string Requester = "schedule";

    // A clock that is set anew, or a machine that slept, is noticed within this time.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan TroubleWait = TimeSpan.FromSeconds(5);

    private static readonly ActivitySource Source = new(ReconciliationTelemetry.Name);

    private readonly Schedule _schedule = Schedule.Of(options);

    // What this process knows to be given out, so that the database is asked once a slot.
    private readonly Dictionary<string, DateTimeOffset> _given = new(StringComparer.Ordinal);

    private bool _isAhead;

    /// <summary>Queues the runs that are due now and that nobody has queued yet.</summary>
    /// <returns>How many this process queued.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var queued = 0;
        var isAhead = false;
        foreach (var runType in Schedule.RunTypes)
        {
            var slot = _schedule.Latest(runType, now);
            if (_given.GetValueOrDefault(runType) >= slot)
            {
                continue;
            }

            if (await GiveOutAsync(runType, slot, now, cancel) is not { } isQueued)
            {
                isAhead = true;
                continue;
            }

            if (isQueued)
            {
                queued++;
                logger.LogInformation("Reconciliation queued run_type={RunType} slot={Slot}", runType, Text(slot));
            }

            _given[runType] = slot;
            if (runType == RunType.Daily)
            {
                logger.LogInformation(
                    "Daily reconciliation scheduled next_run={NextRun}", Text(_schedule.Next(runType, now)));
            }
        }

        if (isAhead && !_isAhead)
        {
            logger.LogWarning("The clock of this machine is ahead of the database's, by which slots are given out");
        }

        _isAhead = isAhead;
        return queued;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Enabled)
        {
            logger.LogInformation("Reconciliation scheduler is off: runs are made when they are asked for");
            return;
        }

        logger.LogInformation(
            "Starting reconciliation scheduler hourly_interval={HourlyInterval} auto_correct={AutoCorrect}",
            ScheduleText.Of(options.HourlyInterval), options.AutoCorrectLowSeverity ? "true" : "false");
        logger.LogInformation("Reconciliation scheduler started");
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = await TryAsync(stoppingToken);
            await Task.Delay(wait, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<TimeSpan> TryAsync(CancellationToken stopping)
    {
        try
        {
            await RunOnceAsync(stopping);
            var now = clock.GetUtcNow();
            var next = Schedule.RunTypes.Min(runType => _schedule.Next(runType, now));
            var longest = _isAhead ? TroubleWait : LongestWait;
            return next - now < longest ? next - now : longest;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return TimeSpan.Zero;
        }
        catch (Exception e)
        {
            logger.LogWarning(
                Database.TraceOf(e), "Reconciliation is not scheduled until the database answers: {Reason}", e.Message);
            return TroubleWait;
        }
    }

    /// <returns>Whether this process queued it; null when by the database's clock it is still to come.</returns>
    private async Task<bool?> GiveOutAsync(
        string runType, DateTimeOffset slot, DateTimeOffset now, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        if (await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition(IsEarlySql, new { slot }, cancellationToken: cancel)))
        {
            return null;
        }

        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var place = new { runType, slot };
        if (await connection.ExecuteAsync(new CommandDefinition(FirstSql, place, cancellationToken: cancel)) == 1)
        {
            await transaction.CommitAsync(cancel);
            return false;
        }

        // Of two workers the second waits here for the first, and finds the slot given out.
        if (await connection.ExecuteAsync(new CommandDefinition(TakeSql, place, cancellationToken: cancel)) == 0)
        {
            return false;
        }

        // Its trace is that of the run, whichever workers make it.
        using var span = Source.StartActivity(
            "schedule reconciliation", ActivityKind.Producer, default(ActivityContext),
            [new("trace.keep", true), new("reconciliation.run_type", runType)]);
        var run = new NewRun(TimeOrderedId.New(now), runType, slot, Requester, now);
        var started = await StartRun.ExecuteAsync(connection, run, cancel);
        await transaction.CommitAsync(cancel);
        return started;
    }

    private string Text(DateTimeOffset at) => ScheduleText.Of(_schedule.Local(at));

    private const string IsEarlySql = "SELECT @slot > clock_timestamp()";

    // A new system has missed nothing: it begins with the next slot.
    private const string FirstSql = """
        INSERT INTO reconciliation_schedule (run_type, slot)
        VALUES (@runType, @slot)
        ON CONFLICT ON CONSTRAINT reconciliation_schedule_pkey DO NOTHING
        """;

    private const string TakeSql = """
        UPDATE reconciliation_schedule
        SET slot = @slot
        WHERE run_type = @runType AND slot < @slot
        """;
}
