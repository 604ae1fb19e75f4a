using System.Net.Http.Json;

namespace Payments.Client;

/// <remarks>The routes of those who are to be told when reconciliation finds something.</remarks>
public sealed partial class PaymentsApi
{
    private const string Webhooks = "/api/admin/webhooks";

    public Task<Answer<ListOf<WebhookTarget>>> ListWebhookTargetsAsync(int limit, CancellationToken cancel) =>
        GetAsync<ListOf<WebhookTarget>>(Address(Webhooks, new Cursor(), limit), cancel);

    public Task<Answer<ListOf<WebhookDelivery>>> ListWebhookDeliveriesAsync(
        string? status, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<WebhookDelivery>>(
            Address(Webhooks + "/deliveries", cursor, limit, ("status", status)), cancel);

    /// <remarks>Only the first answer to a key has the secret.</remarks>
    public Task<Answer<WebhookTarget>> AddWebhookTargetAsync(
        string url, string? description, IReadOnlyList<string> eventTypes, RequestKey key, CancellationToken cancel) =>
        PostAsync<WebhookTarget>(Webhooks, new { url, description, eventTypes }, key, cancel);

    public Task<Answer<WebhookTarget>> EnableWebhookTargetAsync(Guid id, bool enabled, CancellationToken cancel) =>
        SendAsync(
            () => new(HttpMethod.Patch, $"{Webhooks}/{id}")
            {
                Content = JsonContent.Create(new { enabled }, options: Json),
            },
            response => ReadAsync<WebhookTarget>(response, cancel),
            cancel);

    public Task<Answer<WebhookTarget>> RotateWebhookSecretAsync(Guid id, RequestKey key, CancellationToken cancel) =>
        PostAsync<WebhookTarget>($"{Webhooks}/{id}/secret/rotate", body: null, key, cancel);

    public Task<Answer<WebhookDelivery>> TestWebhookTargetAsync(Guid id, RequestKey key, CancellationToken cancel) =>
        PostAsync<WebhookDelivery>($"{Webhooks}/{id}/test", body: null, key, cancel);

    public Task<Answer<WebhookDelivery>> ReplayWebhookDeliveryAsync(
        Guid id, RequestKey key, CancellationToken cancel) =>
        PostAsync<WebhookDelivery>($"{Webhooks}/deliveries/{id}/replay", body: null, key, cancel);

    public Task<Answer<WebhookReplay>> ReplayWebhookDeliveriesAsync(
        DateTimeOffset since, RequestKey key, CancellationToken cancel) =>
        PostAsync<WebhookReplay>($"{Webhooks}/deliveries/replay", new { since }, key, cancel);

    private Task<Answer<T>> PostAsync<T>(string address, object? body, RequestKey key, CancellationToken cancel)
        where T : class =>
        SendAsync(
            () => new(HttpMethod.Post, address)
            {
                Headers = { { KeyHeader, key.Text } },
                Content = body is null ? null : JsonContent.Create(body, options: Json),
            },
            response => ReadAsync<T>(response, cancel),
            cancel);
}
