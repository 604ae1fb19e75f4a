using System.Globalization;
using Payments.Api.Accounts;

namespace Payments.Api.Reconciliation;

/// <summary>Runs and checks as CSV, oldest first, sent while they are read.</summary>
internal sealed class ExportReconciliation(ReadReports readReports, ReadChecks readChecks)
{
    private const int SliceSize = 1_000;

    public IResult Reports(ReportFilter filter) => new Export<ReportRow>(
        "reconciliation-reports",
        [
            "id", "run_type", "status", "slot", "created_at", "started_at", "completed_at", "duration_ms",
            "total_checks", "passed_checks", "failed_checks", "inconclusive_checks", "exceptions_count",
            "requested_by", "error_message",
        ],
        (after, cancel) => readReports.SliceAsync(filter, after, SliceSize, cancel),
        report => report.Id,
        (csv, report) => csv.Field(report.Id.ToString()).Field(report.RunType).Field(report.Status)
            .Field(Text(report.Slot)).Field(report.CreatedAt).Field(Text(report.StartedAt))
            .Field(Text(report.CompletedAt)).Field(report.Milliseconds).Field(report.TotalChecks)
            .Field(report.PassedChecks).Field(report.FailedChecks).Field(report.InconclusiveChecks)
            .Field(report.ExceptionsCount).FreeText(report.RequestedBy).FreeText(report.ErrorMessage));

    public IResult Checks(CheckFilter filter) => new Export<CheckRow>(
        "reconciliation-checks",
        [
            "id", "report_id", "run_type", "check_type", "status", "passed", "expected", "actual", "difference",
            "currency", "items_checked", "items_found", "reason", "created_at", "started_at", "completed_at",
            "duration_ms",
        ],
        (after, cancel) => readChecks.SliceAsync(filter, after, SliceSize, cancel),
        check => check.Id,
        (csv, check) => csv.Field(check.Id.ToString()).Field(check.ReportId.ToString()).Field(check.RunType)
            .Field(check.CheckType).Field(check.Status).Field(check.Passed is { } passed ? Text(passed) : null)
            .Field(UnitsText.Of(check.Expected, check.Currency)).Field(UnitsText.Of(check.Actual, check.Currency))
            .Field(UnitsText.Of(check.Difference, check.Currency)).Field(check.Currency).Field(check.ItemsChecked)
            .Field(check.ItemsFound).FreeText(check.Reason).Field(check.CreatedAt).Field(Text(check.StartedAt))
            .Field(Text(check.CompletedAt)).Field(check.Milliseconds));

    private static string Text(bool flag) => flag ? "true" : "false";

    private static string? Text(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private sealed class Export<TRow>(
        string name,
        string[] columns,
        Func<Guid, CancellationToken, Task<List<TRow>>> slice,
        Func<TRow, Guid> id,
        Action<CsvFile, TRow> write) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var cancel = httpContext.RequestAborted;
            var csv = new CsvFile(httpContext.Response, name);
            csv.Line(columns);
            await csv.FlushAsync(cancel);

            // No connection is held while a slow client takes its time.
            List<TRow> rows;
            for (var after = Guid.Empty; (rows = await slice(after, cancel)).Count > 0; after = id(rows[^1]))
            {
                foreach (var row in rows)
                {
                    write(csv, row);
                    csv.EndLine();
                }

                await csv.FlushAsync(cancel);
            }
        }
    }
}
