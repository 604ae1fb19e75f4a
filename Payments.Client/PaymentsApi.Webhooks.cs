using System.Net.Http.Json;

namespace Payments.Client;

/// <remarks>Those who are to be told when reconciliation finds something, and what they were told.</remarks>
public sealed partial class PaymentsApi
{
    private const string Webhooks = "/api/admin/webhooks";

    [Operation("GET", Webhooks, typeof(ListOf<WebhookTarget>))]
    public Task<Answer<ListOf<WebhookTarget>>> ListWebhookTargetsAsync(
        Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<WebhookTarget>>(Address(Webhooks, cursor, limit), cancel);

    [Operation("GET", Webhooks + "/{id}", typeof(WebhookTarget))]
    public Task<Answer<WebhookTarget>> GetWebhookTargetAsync(Guid id, CancellationToken cancel) =>
        GetAsync<WebhookTarget>($"{Webhooks}/{id}", cancel);

    /// <param name="eventTypes">What it is told of; empty: everything.</param>
    /// <remarks>Only the first answer to a key has the secret.</remarks>
    [Operation("POST", Webhooks, typeof(WebhookTarget))]
    public Task<Answer<WebhookTarget>> AddWebhookTargetAsync(
        string url, string? description, IReadOnlyList<string> eventTypes, RequestKey key, CancellationToken cancel) =>
        PostAsync<WebhookTarget>(Webhooks, new { url, description, eventTypes }, key, cancel);

    /// <remarks>Safe to call again.</remarks>
    [Operation("PATCH", Webhooks + "/{id}", typeof(WebhookTarget))]
    public Task<Answer<WebhookTarget>> ChangeWebhookTargetAsync(
        Guid id, WebhookTargetChange change, CancellationToken cancel) =>
        SendAsync(
            () => new(HttpMethod.Patch, $"{Webhooks}/{id}") { Content = JsonContent.Create(change, options: Json) },
            response => ReadAsync<WebhookTarget>(response, cancel),
            cancel);

    /// <summary>Removes a target and its secrets.</summary>
    /// <returns>Why it was not removed; null when it was.</returns>
    [Operation("DELETE", Webhooks + "/{id}", MediaType = "")]
    public async Task<Problem?> DeleteWebhookTargetAsync(Guid id, CancellationToken cancel) =>
        (await SendAsync(
            () => new(HttpMethod.Delete, $"{Webhooks}/{id}"), _ => Task.FromResult(""), cancel)).Problem;

    /// <param name="overlap">For how long the secret of before signs too; null: for a day.</param>
    /// <remarks>Only the first answer to a key has the secret.</remarks>
    [Operation("POST", Webhooks + "/{id}/secret/rotate", typeof(WebhookTarget))]
    public Task<Answer<WebhookTarget>> RotateWebhookSecretAsync(
        Guid id, TimeSpan? overlap, RequestKey key, CancellationToken cancel) =>
        PostAsync<WebhookTarget>(
            $"{Webhooks}/{id}/secret/rotate",
            overlap is { } time ? new { overlapHours = (decimal)time.TotalHours } : null,
            key,
            cancel);

    [Operation("POST", Webhooks + "/{id}/test", typeof(WebhookDelivery))]
    public Task<Answer<WebhookDelivery>> TestWebhookTargetAsync(Guid id, RequestKey key, CancellationToken cancel) =>
        PostAsync<WebhookDelivery>($"{Webhooks}/{id}/test", body: null, key, cancel);

    [Operation("GET", Webhooks + "/deliveries", typeof(ListOf<WebhookDelivery>))]
    public Task<Answer<ListOf<WebhookDelivery>>> ListWebhookDeliveriesAsync(
        Guid? targetId, string? status, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<WebhookDelivery>>(
            Address(
                Webhooks + "/deliveries", cursor, limit, ("targetId", targetId?.ToString()), ("status", status)),
            cancel);

    [Operation("GET", Webhooks + "/deliveries/{id}", typeof(WebhookDeliveryDetails))]
    public Task<Answer<WebhookDeliveryDetails>> GetWebhookDeliveryAsync(Guid id, CancellationToken cancel) =>
        GetAsync<WebhookDeliveryDetails>($"{Webhooks}/deliveries/{id}", cancel);

    [Operation("POST", Webhooks + "/deliveries/{id}/replay", typeof(WebhookDelivery))]
    public Task<Answer<WebhookDelivery>> ReplayWebhookDeliveryAsync(
        Guid id, RequestKey key, CancellationToken cancel) =>
        PostAsync<WebhookDelivery>($"{Webhooks}/deliveries/{id}/replay", body: null, key, cancel);

    /// <summary>Begins anew all deliveries that failed or were cancelled since then.</summary>
    /// <param name="targetId">Null: of all targets.</param>
    [Operation("POST", Webhooks + "/deliveries/replay", typeof(WebhookReplay))]
    public Task<Answer<WebhookReplay>> ReplayWebhookDeliveriesAsync(
        DateTimeOffset since, Guid? targetId, RequestKey key, CancellationToken cancel) =>
        PostAsync<WebhookReplay>($"{Webhooks}/deliveries/replay", new { since, targetId }, key, cancel);
}
