using System.Text.Json;
using Payments.Api.Payments;

namespace Payments.Api.Accounts;

/// <summary>
/// An account's statement for a period: the balance before it, its entries, the balance after them. It is sent while it
/// is read, and the end adds up: opening, less the debits, with the credits, is closing.
/// </summary>
internal sealed class Statement(ReadLines readLines)
{
    public IResult Of(AccountRow account, StatementPeriod period, bool csv) =>
        new Answer(readLines, account, period, csv);

    private sealed class Answer(ReadLines readLines, AccountRow account, StatementPeriod period, bool csv) : IResult
    {
        // In a long life more goes through an account than it can hold at once.
        private decimal _debits;
        private decimal _credits;

        public Task ExecuteAsync(HttpContext httpContext) =>
            csv ? WriteCsvAsync(httpContext) : WriteJsonAsync(httpContext);

        private IAsyncEnumerable<IReadOnlyList<EntryLine>> ReadAsync(CancellationToken cancel) =>
            readLines.ExecuteAsync(account, period.Opening.Position, period.Closing.Position, cancel);

        private void Add(EntryLine line)
        {
            _debits -= line.Amount < 0 ? line.Amount : 0;
            _credits += line.Amount > 0 ? line.Amount : 0;
        }

        private async Task WriteJsonAsync(HttpContext context)
        {
            var cancel = context.RequestAborted;
            context.Response.ContentType = "application/json; charset=utf-8";
            context.Response.Headers.Vary = "Accept";
            await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
            json.WriteStartObject();
            json.WriteString("accountId", account.Name);
            json.WriteString("currency", account.Currency);
            WriteTime(json, "from", period.From);
            WriteTime(json, "to", period.To);
            json.WriteNumber("openingBalance", account.Show(period.Opening.Balance));
            json.WriteStartArray("lines");
            await foreach (var slice in ReadAsync(cancel))
            {
                foreach (var line in slice)
                {
                    Add(line);
                    JsonSerializer.Serialize(json, Show(line), ApiJson.Default.StatementLineAnswer);
                }

                await json.FlushAsync(cancel);
                await context.Response.BodyWriter.FlushAsync(cancel);
            }

            json.WriteEndArray();
            json.WriteNumber("lineCount", period.Closing.Position - period.Opening.Position);
            json.WriteNumber("totalDebits", account.ShowSize(_debits));
            json.WriteNumber("totalCredits", account.ShowSize(_credits));
            json.WriteNumber("closingBalance", account.Show(period.Closing.Balance));
            json.WriteEndObject();
            await json.FlushAsync(cancel);
        }

        private async Task WriteCsvAsync(HttpContext context)
        {
            var cancel = context.RequestAborted;
            var file = new CsvFile(context.Response, $"{account.Name}-{account.Currency}-statement");
            file.Line(
                "createdAt", "transactionId", "kind", "description", "debit", "credit", "balance", "currency");
            WriteBalance(file, "opening", period.From ?? account.OpenedAt, period.Opening);
            await foreach (var slice in ReadAsync(cancel))
            {
                foreach (var line in slice)
                {
                    var size = account.ShowSize(line.Amount);
                    file.Field(line.CreatedAt).Field(line.TransactionId.ToString()).Field(line.Kind)
                        .FreeText(line.Description)
                        .Field(line.Amount < 0 ? size : null).Field(line.Amount > 0 ? size : null)
                        .Field(account.Show(line.BalanceAfter)).Field(account.Currency)
                        .EndLine();
                }

                await file.FlushAsync(cancel);
            }

            WriteBalance(file, "closing", period.To, period.Closing);
            await file.FlushAsync(cancel);
        }

        private void WriteBalance(CsvFile file, string kind, DateTimeOffset time, PastBalance balance) => file
            .Field(time).Field("").Field(kind).Field("").Field("").Field("")
            .Field(account.Show(balance.Balance)).Field(account.Currency)
            .EndLine();

        private StatementLineAnswer Show(EntryLine line) => new(
            EntryRow.Id(account.Id, line.Position), line.Position, line.CreatedAt, line.TransactionId, line.Kind,
            line.Description, EntryRow.Direction(line.Amount), account.ShowSize(line.Amount),
            account.Show(line.BalanceAfter));

        private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
        {
            if (time is { } known)
            {
                json.WriteString(name, known.UtcDateTime);
            }
            else
            {
                json.WriteNull(name);
            }
        }
    }
}

/// <param name="From">The first moment; null: from the account's beginning.</param>
/// <param name="To">The first moment after the period.</param>
internal sealed record StatementPeriod(
    DateTimeOffset? From, DateTimeOffset To, PastBalance Opening, PastBalance Closing)
{
    /// <summary>
    /// The period whose end nobody named: to the last entry that was read with the account. The time of the reading
    /// would be no such end, since an entry that is posted just then has an earlier one and is seen later. A statement
    /// that begins where this one ends repeats no entry and loses none.
    /// </summary>
    public static StatementPeriod UntilLast(DateTimeOffset? from, PastBalance opening, AccountRow account)
    {
        var end = EndOf(account);
        var last = new PastBalance(account.Position, account.Balance);

        // Behind the last entry nothing is left; what was posted since the account was read belongs before it.
        return new StatementPeriod(
            from, from > end ? from.Value : end, opening, opening.Position > last.Position ? opening : last);
    }

    /// <summary>
    /// The first moment that no entry has which was read with the account: times are kept to the microsecond, and a
    /// later entry has a later one.
    /// </summary>
    public static DateTimeOffset EndOf(AccountRow account) =>
        account.LastEntryAt?.AddTicks(TimeSpan.TicksPerMicrosecond) ?? account.OpenedAt;
}
