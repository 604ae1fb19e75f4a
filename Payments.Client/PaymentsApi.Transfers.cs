using System.Globalization;
using System.Text.Json.Serialization;

namespace Payments.Client;

/// <remarks>Transfers between two accounts.</remarks>
public sealed partial class PaymentsApi
{
    /// <remarks>Safe to call again with the same key, as the creation of a payment is.</remarks>
    [Operation("POST", "/api/v1/transactions", typeof(TransferStatus), typeof(AcceptedTransfer))]
    public Task<Answer<CreatedTransfer>> CreateTransferAsync(
        NewTransfer transfer, RequestKey idempotencyKey, CancellationToken cancel) =>
        SendAsync<CreatedTransfer>(
            () => Post("/api/v1/transactions", TransferBody.Of(transfer, idempotencyKey), key: null),
            async response => new CreatedTransfer(
                // The status of one that was created before has the same members, and more.
                (await ReadAsync<AcceptedTransfer>(response, cancel)).MessageId,
                transfer,
                IsReplayed(response)),
            cancel);

    /// <summary>What became of the transfer with this key.</summary>
    /// <param name="wait">
    /// How long the API may wait for its end before it answers, in whole seconds; without it, it answers at once.
    /// </param>
    [Operation("GET", "/api/v1/transactions/status/{key}", typeof(TransferStatus), typeof(TransferStatus))]
    public Task<Answer<TransferStatus>> GetTransferStatusAsync(
        RequestKey idempotencyKey, TimeSpan? wait, CancellationToken cancel) =>
        SendAsync(
            () =>
            {
                var request = new HttpRequestMessage(HttpMethod.Get, StatusAddress(idempotencyKey.Text));
                if (wait is { TotalSeconds: var seconds })
                {
                    request.Headers.Add("Prefer", string.Create(CultureInfo.InvariantCulture, $"wait={(int)seconds}"));
                }

                return request;
            },
            response => ReadAsync<TransferStatus>(response, cancel),
            cancel);

    [Operation("GET", "/api/v1/transactions/{id}", typeof(TransactionDetails))]
    public Task<Answer<TransactionDetails>> GetTransactionAsync(Guid id, CancellationToken cancel) =>
        GetAsync<TransactionDetails>($"/api/v1/transactions/{id}", cancel);

    /// <remarks>Safe to call again: a transaction is cancelled once, so its own id is the key.</remarks>
    [Operation("POST", "/api/v1/transactions/{id}/cancel", typeof(Transaction))]
    public Task<Answer<Transaction>> CancelTransactionAsync(Guid id, CancellationToken cancel) =>
        PostAsync<Transaction>($"/api/v1/transactions/{id}/cancel", body: null, id, cancel);

    /// <summary>Checks the transaction's entries in the books.</summary>
    [Operation("POST", "/api/v1/transactions/{id}/verify-double-entry", typeof(Verification))]
    public Task<Answer<Verification>> VerifyDoubleEntryAsync(Guid id, CancellationToken cancel) =>
        PostAsync<Verification>($"/api/v1/transactions/{id}/verify-double-entry", body: null, cancel);

    // A path cannot carry empty or dotted segments: clients and servers tidy them away.
    private static string StatusAddress(string key)
    {
        const string Root = "/api/v1/transactions/status";
        var segments = key.Split('/');
        return segments.Any(segment => segment is "" or "." or "..")
            ? Address(Root, ("idempotencyKey", key))
            : $"{Root}/{string.Join('/', segments.Select(Segment))}";
    }

    // The names are those of the documented request.
    private sealed record TransferBody(TransferMembers Transaction, string IdempotencyKey)
    {
        public static TransferBody Of(NewTransfer transfer, RequestKey key) => new(
            new(transfer.SourceAccountId, transfer.DestinationAccountId, transfer.Amount, transfer.Currency,
                transfer.Description),
            key.Text);
    }

    private sealed record TransferMembers(
        [property: JsonPropertyName("source_account_id")] string SourceAccountId,
        [property: JsonPropertyName("destination_account_id")] string DestinationAccountId,
        decimal Amount,
        string Currency,
        string? Description);
}
