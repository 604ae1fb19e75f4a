using System.Diagnostics.Metrics;
using Dapper;
using Npgsql;
using Payments.Ledger.Reconciliation;

namespace Payments.Api.Reconciliation;

/// <summary>Counts unresolved exceptions by severity for the metrics, all four of them, also at zero.</summary>
internal sealed class UnresolvedExceptions : DatabaseGauges
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Payments.Api.Reconciliation";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource _database;
    private readonly Meter _meter = new(Name);

    private volatile Measurement<long>[] _counts = [];

    public UnresolvedExceptions(NpgsqlDataSource database, TimeProvider clock, ILogger<UnresolvedExceptions> logger)
        : base(Interval, clock, logger)
    {
        _database = database;
        _meter.CreateObservableGauge(
            "reconciliation_exceptions_unresolved", () => _counts, description: "Exceptions that nobody resolved yet");
    }

    public override async Task RefreshAsync(CancellationToken cancel)
    {
        await using var connection = await _database.OpenConnectionAsync(cancel);
        var rows = await connection.QueryAsync<(string Severity, long Count)>(
            new CommandDefinition(CountSql, cancellationToken: cancel));
        var known = rows.ToDictionary(row => row.Severity, row => row.Count, StringComparer.Ordinal);
        _counts =
        [
            .. Severity.All.Select(severity => new Measurement<long>(
                known.GetValueOrDefault(severity), new KeyValuePair<string, object?>("severity", severity))),
        ];
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    protected override void Forget() => _counts = [];

    private const string CountSql = """
        SELECT severity, count(*)
        FROM reconciliation_exceptions
        WHERE resolved_at IS NULL
        GROUP BY severity
        """;
}
