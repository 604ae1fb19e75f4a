using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.WebUtilities;
using Payments.Web.SignIn;

namespace Payments.Web;

/// <summary>
/// The API's routes, one method each. A refusal or a failure is a <see cref="Problem"/>; only cancellation throws.
/// </summary>
internal sealed partial class PaymentsApi(HttpClient http, ILogger<PaymentsApi> log)
{
    private static readonly JsonSerializerOptions Json = Named(JsonNamingPolicy.CamelCase);

    public Task<Answer<ListOf<Payment>>> ListPaymentsAsync(
        string? accountId, string? status, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<Payment>>(
            Address("/payments", cursor, limit, ("accountId", accountId), ("status", status)), cancel);

    public Task<Answer<PaymentDetails>> GetPaymentAsync(Guid id, CancellationToken cancel) =>
        GetAsync<PaymentDetails>($"/payments/{id}", cancel);

    /// <remarks>
    /// Calling again with the same key and body never pays twice: it answers with the payment of the first call.
    /// </remarks>
    public Task<Answer<CreatedPayment>> CreatePaymentAsync(
        NewPayment payment, Guid idempotencyKey, CancellationToken cancel) =>
        SendAsync<CreatedPayment>(
            () => new(HttpMethod.Post, "/payments")
            {
                Headers = { { "Idempotency-Key", idempotencyKey.ToString() } },
                Content = JsonContent.Create(payment, options: Json),
            },
            async response => new CreatedPayment(
                await ReadAsync<Payment>(response, cancel),
                response.Headers.Contains("Idempotent-Replayed")),
            cancel);

    /// <remarks>
    /// Calling again with the same key and body never refunds twice: it answers with the refund of the first call.
    /// </remarks>
    public Task<Answer<CreatedRefund>> RefundPaymentAsync(
        Guid paymentId, NewRefund refund, Guid idempotencyKey, CancellationToken cancel) =>
        SendAsync<CreatedRefund>(
            () => new(HttpMethod.Post, $"/payments/{paymentId}/refunds")
            {
                Headers = { { "Idempotency-Key", idempotencyKey.ToString() } },
                Content = JsonContent.Create(refund, options: Json),
            },
            async response => new CreatedRefund(
                await ReadAsync<Refund>(response, cancel),
                response.Headers.Contains("Idempotent-Replayed")),
            cancel);

    /// <remarks>Safe to call again with the same key, as the creation of a payment is.</remarks>
    public Task<Answer<CreatedTransfer>> CreateTransferAsync(
        NewTransfer transfer, Guid idempotencyKey, CancellationToken cancel) =>
        SendAsync<CreatedTransfer>(
            () => new(HttpMethod.Post, "/api/v1/transactions")
            {
                Content = JsonContent.Create(TransferBody.Of(transfer, idempotencyKey), options: Json),
            },
            async response => new CreatedTransfer(
                (await ReadAsync<Accepted>(response, cancel)).MessageId,
                transfer,
                response.Headers.Contains("Idempotent-Replayed")),
            cancel);

    /// <remarks>Safe to call again: a payment is cancelled once, so its own id is the key.</remarks>
    public Task<Answer<Payment>> CancelPaymentAsync(Guid id, CancellationToken cancel) =>
        SendAsync(
            () => new(HttpMethod.Post, $"/payments/{id}/cancel") { Headers = { { "Idempotency-Key", id.ToString() } } },
            response => ReadAsync<Payment>(response, cancel),
            cancel);

    public Task<Answer<ListOf<Account>>> ListAccountsAsync(
        string? search, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<Account>>(Address("/accounts", cursor, limit, ("search", search)), cancel);

    /// <remarks>Safe to call again: an account is opened once.</remarks>
    public Task<Answer<Account>> OpenAccountAsync(NewAccount account, CancellationToken cancel) =>
        SendAsync(
            () => new(HttpMethod.Post, "/accounts") { Content = JsonContent.Create(account, options: Json) },
            response => ReadAsync<Account>(response, cancel),
            cancel);

    /// <summary>A file of the API, whose body comes while it is read. The caller disposes it.</summary>
    /// <exception cref="HttpRequestException">There was no answer.</exception>
    public async Task<HttpResponseMessage> OpenFileAsync(string address, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
    }

    public Task<Answer<Balance>> GetBalanceAsync(string accountId, string? currency, CancellationToken cancel) =>
        GetAsync<Balance>(
            QueryHelpers.AddQueryString(
                $"/accounts/{Uri.EscapeDataString(accountId)}/balance", Given(("currency", currency))),
            cancel);

    public Task<Answer<ListOf<AccountEntry>>> ListEntriesAsync(
        string accountId, string? currency, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<AccountEntry>>(
            Address(
                $"/api/v1/accounts/{Uri.EscapeDataString(accountId)}/ledger", cursor, limit, ("currency", currency)),
            cancel);

    public Task<Answer<OperatorKey>> GetCurrentKeyAsync(CancellationToken cancel) =>
        GetAsync<OperatorKey>("/api/v1/keys/current", cancel);

    private Task<Answer<T>> GetAsync<T>(string address, CancellationToken cancel) where T : class =>
        SendAsync(() => new(HttpMethod.Get, address), response => ReadAsync<T>(response, cancel), cancel);

    private async Task<Answer<T>> SendAsync<T>(
        Func<HttpRequestMessage> create, Func<HttpResponseMessage, Task<T>> readAsync, CancellationToken cancel)
        where T : class
    {
        using var request = create();

        try
        {
            using var response = await http.SendAsync(request, cancel);

            return response.IsSuccessStatusCode
                ? await readAsync(response)
                : await ReadProblemAsync(response, cancel);
        }
        catch (Exception error) when (
            error is HttpRequestException or IOException
            || (error is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            log.LogWarning(error, "{Method} {Address} had no answer", request.Method, request.RequestUri);
            return new Problem(
                "No answer",
                "The payments service could not be reached, or did not answer in time.",
                Code: "unreachable",
                TraceId: Activity.Current?.TraceId.ToString());
        }
        catch (JsonException error)
        {
            log.LogError(error, "{Method} {Address} had an unreadable answer", request.Method, request.RequestUri);
            return new Problem(
                "Unreadable answer",
                "The payments service answered in a form that this page does not understand.",
                Code: "unreadable_answer",
                TraceId: Activity.Current?.TraceId.ToString());
        }
    }

    private static JsonSerializerOptions Named(JsonNamingPolicy policy) => new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = policy,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        Converters = { new JsonNumberEnumConverter<HttpStatusCode>() },
    };

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancel) =>
        await response.Content.ReadFromJsonAsync<T>(Json, cancel)
            ?? throw new JsonException("The body is null.");

    // Anything that is not problem+json (a proxy's error page, an empty body) is reported by its status alone.
    private static async Task<Problem> ReadProblemAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var bare = new Problem(
            response.ReasonPhrase,
            $"The payments service answered {(int)response.StatusCode} {response.ReasonPhrase}.",
            response.StatusCode,
            TraceId: Activity.Current?.TraceId.ToString());

        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
        {
            return bare;
        }

        try
        {
            var problem = await response.Content.ReadFromJsonAsync<Problem>(Json, cancel);
            return problem is null ? bare : problem with { Status = response.StatusCode };
        }
        catch (JsonException)
        {
            return bare;
        }
    }

    private static string Address(
        string path, Cursor cursor, int limit, params ReadOnlySpan<(string Name, string? Value)> filters) =>
        QueryHelpers.AddQueryString(path, Given(
        [
            .. filters,
            ("limit", limit.ToString(CultureInfo.InvariantCulture)),
            ("starting_after", cursor.After),
            ("ending_before", cursor.Before),
        ]));

    private static Dictionary<string, string?> Given(params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var given = new Dictionary<string, string?>(StringComparer.Ordinal);

        foreach (var (name, value) in parameters)
        {
            if (!string.IsNullOrEmpty(value))
            {
                given.Add(name, value);
            }
        }

        return given;
    }

    private sealed record Accepted(Guid MessageId);

    // The names are those of the documented request.
    private sealed record TransferBody(TransferMembers Transaction, string IdempotencyKey)
    {
        public static TransferBody Of(NewTransfer transfer, Guid key) => new(
            new(transfer.SourceAccountId, transfer.DestinationAccountId, transfer.Amount, transfer.Currency,
                transfer.Description),
            key.ToString());
    }

    private sealed record TransferMembers(
        [property: JsonPropertyName("source_account_id")] string SourceAccountId,
        [property: JsonPropertyName("destination_account_id")] string DestinationAccountId,
        decimal Amount,
        string Currency,
        string? Description);
}
