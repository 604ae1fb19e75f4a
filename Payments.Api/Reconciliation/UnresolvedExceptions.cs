using System.Diagnostics.Metrics;
using Dapper;
using Npgsql;
using Payments.Ledger.Reconciliation;

namespace Payments.Api.Reconciliation;

/// <summary>
/// Counts unresolved exceptions by severity for the metrics, all four of them, also at zero. They are read every few
/// seconds and not when somebody asks, so that a scrape never waits for the database; while it is away nothing is
/// reported, rather than what is no longer known.
/// </summary>
internal sealed class UnresolvedExceptions : BackgroundService
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Payments.Api.Reconciliation";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource _database;
    private readonly TimeProvider _clock;
    private readonly ILogger<UnresolvedExceptions> _logger;
    private readonly Meter _meter = new(Name);

    private volatile Measurement<long>[] _counts = [];

    public UnresolvedExceptions(
        NpgsqlDataSource database, TimeProvider clock, ILogger<UnresolvedExceptions> logger)
    {
        (_database, _clock, _logger) = (database, clock, logger);
        _meter.CreateObservableGauge(
            "reconciliation_exceptions_unresolved", () => _counts, description: "Exceptions that nobody resolved yet");
    }

    /// <summary>Reads them now.</summary>
    public async Task RefreshAsync(CancellationToken cancel)
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

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RefreshAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                _counts = [];
                _logger.LogDebug("Unresolved exceptions are not counted now: {Reason}", e.Message);
            }

            await Task.Delay(Interval, _clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private const string CountSql = """
        SELECT severity, count(*)
        FROM reconciliation_exceptions
        WHERE resolved_at IS NULL
        GROUP BY severity
        """;
}
