using Payments.Api.Payments;

namespace Payments.Api.Accounts;

/// <summary>An account's history as CSV, oldest first, sent while it is read.</summary>
internal sealed class ExportEntries(ReadLines readLines)
{
    public IResult Of(AccountRow account, EntryFilter filter) => new Export(readLines, account, filter);

    private sealed class Export(ReadLines readLines, AccountRow account, EntryFilter filter) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var cancel = httpContext.RequestAborted;
            var csv = new CsvFile(httpContext.Response, $"{account.Name}-{account.Currency}-ledger");
            csv.Line(
                "id", "position", "createdAt", "transactionId", "kind", "direction", "amount", "balanceAfter",
                "currency");
            await csv.FlushAsync(cancel);

            var last = Math.Min(account.Position, filter.Newer - 1);
            await foreach (var slice in readLines.ExecuteAsync(account, filter.Older, last, cancel))
            {
                foreach (var line in slice.Where(line => filter.Kind is null || line.Kind == filter.Kind))
                {
                    csv.Field(EntryRow.Id(account.Id, line.Position)).Field(line.Position).Field(line.CreatedAt)
                        .Field(line.TransactionId.ToString()).Field(line.Kind).Field(EntryRow.Direction(line.Amount))
                        .Field(account.ShowSize(line.Amount)).Field(account.Show(line.BalanceAfter))
                        .Field(account.Currency)
                        .EndLine();
                }

                await csv.FlushAsync(cancel);
            }
        }
    }
}
