using System.Globalization;
using Payments.Api.Accounts;

namespace Payments.Api.Reconciliation.Exceptions;

/// <summary>Exceptions as CSV, oldest first, sent while they are read.</summary>
internal sealed class ExportExceptions(ReadExceptions read, TimeProvider clock)
{
    private const int SliceSize = 1_000;

    private static readonly string[] Columns =
    [
        "number", "id", "check_type", "kind", "severity", "status", "description", "expected", "actual", "difference",
        "currency", "account_id", "position", "payment_id", "transaction_id", "flow_id", "assignee", "present",
        "overdue", "sightings", "reopened", "created_at", "last_seen_at", "due_at", "resolved_at", "resolved_by",
        "resolved_by_key", "notes",
    ];

    public IResult Of(ExceptionFilter filter) => new Export(read, clock, filter);

    private sealed class Export(ReadExceptions read, TimeProvider clock, ExceptionFilter filter) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var cancel = httpContext.RequestAborted;
            var csv = new CsvFile(httpContext.Response, "reconciliation-exceptions");
            csv.Line(Columns);
            await csv.FlushAsync(cancel);

            // No connection is held while a slow client takes its time.
            var now = clock.GetUtcNow();
            List<ExceptionRow> rows;
            for (var after = 0L; (rows = await read.SliceAsync(filter, after, SliceSize, cancel)).Count > 0;
                after = rows[^1].Number)
            {
                foreach (var row in rows)
                {
                    Write(csv, row, now);
                }

                await csv.FlushAsync(cancel);
            }
        }

        private static void Write(CsvFile csv, ExceptionRow row, DateTimeOffset now)
        {
            var answer = row.ToAnswer(now);
            csv.Field(row.Number).Field(row.Id.ToString()).Field(row.CheckType).Field(row.Kind).Field(row.Severity)
                .Field(row.Status).FreeText(row.Description).Field(answer.Expected).Field(answer.Actual)
                .Field(answer.Difference).Field(row.Currency).Field(row.AccountName)
                .Field(row.Position?.ToString(CultureInfo.InvariantCulture)).Field(row.PaymentId?.ToString())
                .Field(row.TransactionId?.ToString()).Field(row.FlowId?.ToString()).FreeText(row.Assignee)
                .Field(row.Present ? "true" : "false").Field(answer.Overdue ? "true" : "false").Field(row.Sightings)
                .Field(row.Reopened).Field(row.CreatedAt).Field(row.LastSeenAt).Field(row.DueAt);
            _ = row.ResolvedAt is { } resolved ? csv.Field(resolved) : csv.Field((string?)null);
            csv.FreeText(row.ResolvedBy).FreeText(row.ResolvedByKey).FreeText(row.ResolutionNotes).EndLine();
        }
    }
}
