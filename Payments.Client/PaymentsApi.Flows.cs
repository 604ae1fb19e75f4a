namespace Payments.Client;

/// <remarks>The routes of deposits, conversions and withdrawals.</remarks>
public sealed partial class PaymentsApi
{
    [Operation("GET", "/api/v1/deposits", typeof(ListOf<Flow>))]
    [Operation("GET", "/api/v1/conversions", typeof(ListOf<Flow>))]
    [Operation("GET", "/api/v1/withdrawals", typeof(ListOf<Flow>))]
    public Task<Answer<ListOf<Flow>>> ListFlowsAsync(
        FlowRoute kind, string? accountId, string? status, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<Flow>>(
            Address($"/api/v1/{kind.Path}", cursor, limit, ("accountId", accountId), ("status", status)), cancel);

    [Operation("GET", "/api/v1/deposits/{id}", typeof(Flow))]
    [Operation("GET", "/api/v1/conversions/{id}", typeof(Flow))]
    [Operation("GET", "/api/v1/withdrawals/{id}", typeof(Flow))]
    public Task<Answer<Flow>> GetFlowAsync(FlowRoute kind, Guid id, CancellationToken cancel) =>
        GetAsync<Flow>($"/api/v1/{kind.Path}/{id}", cancel);

    /// <remarks>Safe to call again with the same key, as the creation of a payment is.</remarks>
    [Operation("POST", "/api/v1/deposits", typeof(Flow))]
    [Operation("POST", "/api/v1/conversions", typeof(Flow))]
    [Operation("POST", "/api/v1/withdrawals", typeof(Flow))]
    public Task<Answer<CreatedFlow>> CreateFlowAsync(
        FlowRoute kind, NewFlow flow, RequestKey idempotencyKey, CancellationToken cancel) =>
        SendAsync<CreatedFlow>(
            () => Post($"/api/v1/{kind.Path}", flow, idempotencyKey),
            async response => new CreatedFlow(await ReadAsync<Flow>(response, cancel), IsReplayed(response)),
            cancel);

    /// <remarks>Safe to call again: a flow is completed once.</remarks>
    [Operation("POST", "/api/v1/deposits/{id}/complete", typeof(Flow))]
    [Operation("POST", "/api/v1/withdrawals/{id}/complete", typeof(Flow))]
    public Task<Answer<Flow>> CompleteFlowAsync(FlowRoute kind, Guid id, CancellationToken cancel) =>
        PostAsync<Flow>($"/api/v1/{kind.Path}/{id}/complete", body: null, cancel);

    /// <remarks>Safe to call again: a flow fails once.</remarks>
    [Operation("POST", "/api/v1/deposits/{id}/fail", typeof(Flow))]
    [Operation("POST", "/api/v1/withdrawals/{id}/fail", typeof(Flow))]
    public Task<Answer<Flow>> FailFlowAsync(FlowRoute kind, Guid id, string reason, CancellationToken cancel) =>
        PostAsync<Flow>($"/api/v1/{kind.Path}/{id}/fail", new { reason }, cancel);
}
