using System.Text.Json;
using Dapper;
using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Reconciliation;

namespace Recon.Worker.Reconciliation;

/// <summary>
/// Turns what a check found into exceptions: one for each break, however often and by whomever it is seen. Recorded
/// again, the result of a run changes nothing.
/// </summary>
internal sealed class RecordBreaks(DueTimes due)
{
    /// <summary>Who stands in the story for what nobody did.</summary>
    public const string Actor = "reconciliation";

    /// <param name="connection">In the open transaction that what was found is to be committed with.</param>
    public async Task<RecordedBreaks> RecordAsync(
        NpgsqlConnection connection, SightingContext context, CheckResult result, CancellationToken cancel)
    {
        var breaks = result.Breaks.DistinctBy(one => one.Key, StringComparer.Ordinal)
            .OrderBy(one => one.Key, StringComparer.Ordinal).ToList();
        var opened = await OpenAsync(connection, context, breaks, cancel);
        var known = await LockAsync(connection, context, breaks, CanClose(result), cancel);
        var seen = breaks.ToDictionary(one => one.Key, StringComparer.Ordinal);
        var sighted = (
            from one in known
            where seen.ContainsKey(one.BreakKey)
            let isNew = opened.Contains(one.Id)
            select new Sighting(one, seen[one.BreakKey], isNew, isNew
                ? SightingEffect.None
                : one.Sight(seen[one.BreakKey], context.SeenAt))).ToList();
        var counted = await CountAsync(connection, context, sighted, cancel);
        await UpdateAsync(connection, context, [.. counted.Where(one => !one.IsNew)], cancel);
        var gone = known.Where(one => !seen.ContainsKey(one.BreakKey) && one.GoneAt is null
            && one.LastSeenAt <= context.SeenAt).ToList();
        await CloseAsync(connection, context, gone, cancel);
        await TellAsync(connection, context, [.. counted.Select(StoryOf).OfType<ExceptionEvent>(),
            .. gone.Select(ExceptionEvent.Gone)], cancel);
        var raised = await RaiseAlerts.ExecuteAsync(connection, context, counted, gone, cancel);
        return new RecordedBreaks(
            opened.Count,
            breaks.Count,
            counted.Count(one => one.Effect == SightingEffect.Reopens),
            gone.Count(one => one.IsUnresolved))
        {
            Opened = [.. counted.Where(one => one.IsNew || one.Effect == SightingEffect.Reopens)],
            Alerted = raised,
        };
    }

    // A result that could not tell, or did not tell all, says nothing of what it does not hold.
    private static bool CanClose(CheckResult result) => result.Inconclusive is null && result.MoreBreaks == 0;

    /// <returns>The exceptions that are new.</returns>
    private async Task<IReadOnlySet<Guid>> OpenAsync(
        NpgsqlConnection connection, SightingContext context, List<Break> breaks, CancellationToken cancel)
    {
        if (breaks.Count == 0)
        {
            return new HashSet<Guid>();
        }

        var parameters = new DynamicParameters(new
        {
            context.RunId,
            context.CheckType,
            context.SeenAt,
            ids = breaks.Select(_ => TimeOrderedId.New(context.SeenAt)).ToArray(),
            dueAts = breaks.Select(one => due.After(context.SeenAt, one.Severity).UtcDateTime).ToArray(),
        });
        parameters.AddDynamicParams(BreakColumns.Of(breaks));
        var opened = await connection.QueryAsync<Guid>(
            new CommandDefinition(RecordSql.Open, parameters, cancellationToken: cancel));
        return opened.ToHashSet();
    }

    private static async Task<IReadOnlyList<KnownException>> LockAsync(
        NpgsqlConnection connection, SightingContext context, List<Break> breaks, bool closes,
        CancellationToken cancel)
    {
        var parameters = new
        {
            context.CheckType,
            keys = breaks.Select(one => one.Key).ToArray(),
            closes,
            accounts = context.Scope.Accounts?.ToArray(),
            flows = context.Scope.Flows?.ToArray(),
        };
        return (await connection.QueryAsync<KnownException>(
            new CommandDefinition(RecordSql.Lock, parameters, cancellationToken: cancel))).AsList();
    }

    /// <returns>Those that had not been counted before.</returns>
    private static async Task<IReadOnlyList<Sighting>> CountAsync(
        NpgsqlConnection connection, SightingContext context, IReadOnlyList<Sighting> sighted,
        CancellationToken cancel)
    {
        var counts = context.Scope.IsOfRun
            ? sighted
            : [.. sighted.Where(one => one.IsNew || one.Effect is not (SightingEffect.None or SightingEffect.Late))];
        if (counts.Count == 0)
        {
            return [];
        }

        var parameters = new
        {
            context.ReportId,
            context.SeenAt,
            ids = counts.Select(one => one.Known.Id).ToArray(),
            differences = counts.Select(one => one.Break.Difference).ToArray(),
        };
        var fresh = (await connection.QueryAsync<Guid>(
            new CommandDefinition(RecordSql.Count, parameters, cancellationToken: cancel))).ToHashSet();
        return [.. counts.Where(one => fresh.Contains(one.Known.Id))];
    }

    private async Task UpdateAsync(
        NpgsqlConnection connection, SightingContext context, IReadOnlyList<Sighting> sighted,
        CancellationToken cancel)
    {
        if (sighted.Count == 0)
        {
            return;
        }

        var parameters = new DynamicParameters(new
        {
            context.RunId,
            context.SeenAt,
            ids = sighted.Select(one => one.Known.Id).ToArray(),
            effects = sighted.Select(one => one.Effect.ToString()).ToArray(),
            dueAts = sighted.Select(
                one => one.Known.DueAfter(one.Effect, one.Break, context.SeenAt, due).UtcDateTime).ToArray(),
        });
        parameters.AddDynamicParams(BreakColumns.Of([.. sighted.Select(one => one.Break)]));
        await connection.ExecuteAsync(
            new CommandDefinition(RecordSql.Update, parameters, cancellationToken: cancel));
    }

    private static async Task CloseAsync(
        NpgsqlConnection connection, SightingContext context, List<KnownException> gone, CancellationToken cancel)
    {
        if (gone.Count > 0)
        {
            var parameters = new { context.SeenAt, ids = gone.Select(one => one.Id).ToArray() };
            await connection.ExecuteAsync(
                new CommandDefinition(RecordSql.Close, parameters, cancellationToken: cancel));
        }
    }

    private static async Task TellAsync(
        NpgsqlConnection connection, SightingContext context, IReadOnlyList<ExceptionEvent> events,
        CancellationToken cancel)
    {
        if (events.Count > 0)
        {
            var parameters = new
            {
                context.SeenAt,
                Actor,
                ids = events.Select(one => one.ExceptionId).ToArray(),
                kinds = events.Select(one => one.Kind).ToArray(),
                details = events.Select(
                    one => JsonSerializer.Serialize(one.Details(context.RunId), JsonSerializerOptions.Web)).ToArray(),
            };
            await connection.ExecuteAsync(
                new CommandDefinition(RecordSql.Tell, parameters, cancellationToken: cancel));
        }
    }

    private static ExceptionEvent? StoryOf(Sighting one) => one switch
    {
        { IsNew: true } => ExceptionEvent.Of("opened", one),
        { Effect: SightingEffect.Changes } => ExceptionEvent.Of("changed", one),
        { Effect: SightingEffect.Escalates } => ExceptionEvent.Of("escalated", one),
        { Effect: SightingEffect.Reopens } => ExceptionEvent.Of("reopened", one),
        _ => null,
    };
}
