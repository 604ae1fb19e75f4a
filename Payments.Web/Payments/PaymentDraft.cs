namespace Payments.Web.Payments;

/// <summary>A payment being entered.</summary>
public sealed class PaymentDraft(TimeProvider clock) : Draft<NewPayment, CreatedPayment>(clock)
{
    public string AccountId { get; set; } = "";

    private protected override NewPayment Write() => new(
        ReadAccount(AccountId, "accountId", "Enter the account to pay into."), ReadAmount(), Currency,
        ReadDescription());

    private protected override Task<Answer<CreatedPayment>> SendAsync(
        PaymentsApi api, NewPayment request, Guid idempotencyKey) =>
        api.CreatePaymentAsync(request, idempotencyKey, CancellationToken.None);
}
