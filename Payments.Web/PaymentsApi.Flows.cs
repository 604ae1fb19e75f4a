using Payments.Web.Flows;

namespace Payments.Web;

/// <remarks>The routes of deposits, conversions and withdrawals.</remarks>
internal sealed partial class PaymentsApi
{
    public Task<Answer<ListOf<Flow>>> ListFlowsAsync(
        FlowKind kind, string? accountId, string? status, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<Flow>>(
            Address($"/api/v1/{kind.Path}", cursor, limit, ("accountId", accountId), ("status", status)), cancel);

    /// <remarks>Safe to call again with the same key, as the creation of a payment is.</remarks>
    public Task<Answer<CreatedFlow>> CreateFlowAsync(
        FlowKind kind, NewFlow flow, Guid idempotencyKey, CancellationToken cancel) =>
        SendAsync<CreatedFlow>(
            () => new(HttpMethod.Post, $"/api/v1/{kind.Path}")
            {
                Headers = { { "Idempotency-Key", idempotencyKey.ToString() } },
                Content = JsonContent.Create(flow, options: Json),
            },
            async response => new CreatedFlow(
                await ReadAsync<Flow>(response, cancel),
                response.Headers.Contains("Idempotent-Replayed")),
            cancel);

    /// <remarks>Safe to call again: a flow is completed once.</remarks>
    public Task<Answer<Flow>> CompleteFlowAsync(FlowKind kind, Guid id, CancellationToken cancel) =>
        PostAsync<Flow>($"/api/v1/{kind.Path}/{id}/complete", body: null, cancel);

    /// <remarks>Safe to call again: a flow fails once.</remarks>
    public Task<Answer<Flow>> FailFlowAsync(FlowKind kind, Guid id, string reason, CancellationToken cancel) =>
        PostAsync<Flow>($"/api/v1/{kind.Path}/{id}/fail", new { reason }, cancel);
}
