using Dapper;
using Npgsql;
using Payments.Ledger.Duties;

namespace Payments.Ledger.Reconciliation;

/// <summary>A reconciliation run that is asked for.</summary>
/// <param name="RunType">One of <see cref="Reconciliation.RunType"/>.</param>
/// <param name="Slot">The moment that a scheduled run is of; null for a manual one.</param>
/// <param name="RequestedBy">Owner of the API key, or the schedule.</param>
public sealed record NewRun(
    Guid ReportId, string RunType, DateTimeOffset? Slot, string RequestedBy, DateTimeOffset CreatedAt);

/// <summary>What the duty of a run is told.</summary>
public sealed record RunArguments(Guid ReportId, string RunType);

/// <summary>
/// Writes the report of a new run and queues the run, both in the connection's open transaction. A scheduled run exists
/// once for its slot, whoever asks for it and however often.
/// </summary>
public static class StartRun
{
    /// <summary>The kind of the duty that makes a run.</summary>
    public const string DutyKind = "reconciliation.run";

    /// <returns>False when the slot has its run already: nothing was written.</returns>
    public static async Task<bool> ExecuteAsync(NpgsqlConnection connection, NewRun run, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(run);
        var written = await connection.ExecuteAsync(new CommandDefinition(InsertSql, run, cancellationToken: cancel));
        var duty = new NewDuty(
            TimeOrderedId.New(run.CreatedAt), DutyKind, new RunArguments(run.ReportId, run.RunType))
        {
            Name = run.Slot is { } slot
                ? FormattableString.Invariant($"{DutyKind}.{run.RunType}.{slot.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}")
                : null,
        };
        return written == 1 && await DutyTable.AddAsync(connection, duty, cancel);
    }

    private const string InsertSql = """
        INSERT INTO reconciliation_reports (id, run_type, slot, requested_by, created_at)
        VALUES (@reportId, @runType, @slot, @requestedBy, @createdAt)
        ON CONFLICT ON CONSTRAINT reconciliation_reports_slot_key DO NOTHING
        """;
}
