namespace Payments.Web.Payments;

/// <summary>A transfer being entered.</summary>
public sealed class TransferDraft(TimeProvider clock) : Draft<NewTransfer, CreatedTransfer>(clock)
{
    public string Source { get; set; } = "";

    public string Destination { get; set; } = "";

    private protected override NewTransfer Write() => new(
        ReadAccount(Source, "source_account_id", "Enter the account that pays."),
        ReadAccount(Destination, "destination_account_id", "Enter the account to pay into."),
        ReadAmount(), Currency, ReadDescription());

    private protected override Task<Answer<CreatedTransfer>> SendAsync(
        PaymentsApi api, NewTransfer request, Guid idempotencyKey) =>
        api.CreateTransferAsync(request, idempotencyKey, CancellationToken.None);
}
