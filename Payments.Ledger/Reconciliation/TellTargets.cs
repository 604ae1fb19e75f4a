using Dapper;
using Npgsql;
using Payments.Ledger.Webhooks;

namespace Payments.Ledger.Reconciliation;

/// <summary>Tells the targets of webhooks what people and corrections did with a high or critical exception.</summary>
public static class TellTargets
{
    /// <summary>Within the open transaction that did it; of other exceptions it tells nothing.</summary>
    /// <param name="type">One of <see cref="WebhookEventType"/> that concerns exceptions.</param>
    public static async Task OfExceptionAsync(
        NpgsqlConnection connection, Guid id, string type, DateTimeOffset at, CancellationToken cancel)
    {
        var row = await connection.QuerySingleAsync<Row>(
            new CommandDefinition(FindSql, new { id }, cancellationToken: cancel));
        if (ExceptionAlert.IsRaisedFor(row.Severity))
        {
            var alert = ExceptionAlert.Of(
                id, row.Severity, row.CheckType, row.Description, row.Expected, row.Actual, row.Currency,
                row.LastReportId, at);
            await WebhookOutbox.AddAsync(connection, alert.ToEvent(type), cancel);
        }
    }

    private const string FindSql = """
        SELECT severity, check_type, description, expected, actual, currency, last_report_id
        FROM reconciliation_exceptions
        WHERE id = @id
        """;

    private sealed record Row(
        string Severity, string CheckType, string Description, decimal? Expected, decimal? Actual, string? Currency,
        Guid? LastReportId);
}
