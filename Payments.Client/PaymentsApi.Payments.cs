namespace Payments.Client;

/// <remarks>Payments and what is given back of them.</remarks>
public sealed partial class PaymentsApi
{
    [Operation("GET", "/payments", typeof(ListOf<Payment>))]
    public Task<Answer<ListOf<Payment>>> ListPaymentsAsync(
        string? accountId, string? status, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<Payment>>(
            Address("/payments", cursor, limit, ("accountId", accountId), ("status", status)), cancel);

    [Operation("GET", "/payments/{id}", typeof(PaymentDetails))]
    public Task<Answer<PaymentDetails>> GetPaymentAsync(Guid id, CancellationToken cancel) =>
        GetAsync<PaymentDetails>($"/payments/{id}", cancel);

    /// <remarks>
    /// Calling again with the same key and body never pays twice: it answers with the payment of the first call.
    /// </remarks>
    [Operation("POST", "/payments", typeof(Payment))]
    public Task<Answer<CreatedPayment>> CreatePaymentAsync(
        NewPayment payment, RequestKey idempotencyKey, CancellationToken cancel) =>
        SendAsync<CreatedPayment>(
            () => Post("/payments", payment, idempotencyKey),
            async response => new CreatedPayment(await ReadAsync<Payment>(response, cancel), IsReplayed(response)),
            cancel);

    /// <remarks>Safe to call again: a payment is cancelled once, so its own id is the key.</remarks>
    [Operation("POST", "/payments/{id}/cancel", typeof(Payment))]
    public Task<Answer<Payment>> CancelPaymentAsync(Guid id, CancellationToken cancel) =>
        PostAsync<Payment>($"/payments/{id}/cancel", body: null, id, cancel);

    /// <remarks>
    /// Calling again with the same key and body never refunds twice: it answers with the refund of the first call.
    /// </remarks>
    [Operation("POST", "/payments/{id}/refunds", typeof(Refund))]
    public Task<Answer<CreatedRefund>> RefundPaymentAsync(
        Guid paymentId, NewRefund refund, RequestKey idempotencyKey, CancellationToken cancel) =>
        RefundAsync($"/payments/{paymentId}/refunds", refund, idempotencyKey, cancel);

    /// <remarks>Safe to call again with the same key.</remarks>
    [Operation("POST", "/api/v1/transactions/{id}/refund", typeof(Refund))]
    public Task<Answer<CreatedRefund>> RefundTransactionAsync(
        Guid transactionId, NewRefund refund, RequestKey idempotencyKey, CancellationToken cancel) =>
        RefundAsync($"/api/v1/transactions/{transactionId}/refund", refund, idempotencyKey, cancel);

    [Operation("GET", "/payments/{id}/refunds", typeof(ListOf<Refund>))]
    public Task<Answer<ListOf<Refund>>> ListRefundsAsync(
        Guid paymentId, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<Refund>>(Address($"/payments/{paymentId}/refunds", cursor, limit), cancel);

    [Operation("GET", "/payments/{id}/refunds/{refundId}", typeof(Refund))]
    public Task<Answer<Refund>> GetRefundOfPaymentAsync(Guid paymentId, Guid refundId, CancellationToken cancel) =>
        GetAsync<Refund>($"/payments/{paymentId}/refunds/{refundId}", cancel);

    [Operation("GET", "/refunds/{id}", typeof(Refund))]
    public Task<Answer<Refund>> GetRefundAsync(Guid id, CancellationToken cancel) =>
        GetAsync<Refund>($"/refunds/{id}", cancel);

    private Task<Answer<CreatedRefund>> RefundAsync(
        string address, NewRefund refund, RequestKey key, CancellationToken cancel) =>
        SendAsync<CreatedRefund>(
            () => Post(address, refund, key),
            async response => new CreatedRefund(await ReadAsync<Refund>(response, cancel), IsReplayed(response)),
            cancel);
}
