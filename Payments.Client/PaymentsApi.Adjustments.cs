namespace Payments.Client;

/// <remarks>Corrections of exceptions, by one person or by two.</remarks>
public sealed partial class PaymentsApi
{
    private const string Adjustments = Reconciliation + "/adjustments";

    /// <summary>Posts a correction that is within the limits, and proposes others to a second person.</summary>
    [Operation("POST", Exceptions + "/{id}/adjustments", typeof(Adjustment), typeof(Adjustment))]
    public Task<Answer<Adjustment>> ProposeAdjustmentAsync(
        Guid exceptionId, NewAdjustment adjustment, RequestKey? key, CancellationToken cancel) =>
        PostAsync<Adjustment>($"{Exceptions}/{exceptionId}/adjustments", adjustment, key, cancel);

    [Operation("GET", Adjustments, typeof(ListOf<Adjustment>))]
    public Task<Answer<ListOf<Adjustment>>> ListAdjustmentsAsync(
        AdjustmentFilter filter, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<Adjustment>>(
            Address(
                Adjustments, cursor, limit,
                ("status", filter.Status), ("kind", filter.Kind), ("exception_id", filter.ExceptionId?.ToString())),
            cancel);

    [Operation("GET", Adjustments + "/{id}", typeof(Adjustment))]
    public Task<Answer<Adjustment>> GetAdjustmentAsync(Guid id, CancellationToken cancel) =>
        GetAsync<Adjustment>($"{Adjustments}/{id}", cancel);

    /// <summary>Carries out what another person proposed. It may still fail, and then says why.</summary>
    [Operation("POST", Adjustments + "/{id}/approve", typeof(Adjustment))]
    public Task<Answer<Adjustment>> ApproveAdjustmentAsync(Guid id, RequestKey? key, CancellationToken cancel) =>
        PostAsync<Adjustment>($"{Adjustments}/{id}/approve", body: null, key, cancel);

    [Operation("POST", Adjustments + "/{id}/reject", typeof(Adjustment))]
    public Task<Answer<Adjustment>> RejectAdjustmentAsync(Guid id, RequestKey? key, CancellationToken cancel) =>
        PostAsync<Adjustment>($"{Adjustments}/{id}/reject", body: null, key, cancel);

    /// <summary>Posts the reverse, and opens the exception again.</summary>
    [Operation("POST", Adjustments + "/{id}/undo", typeof(Adjustment))]
    public Task<Answer<Adjustment>> UndoAdjustmentAsync(Guid id, RequestKey? key, CancellationToken cancel) =>
        PostAsync<Adjustment>($"{Adjustments}/{id}/undo", body: null, key, cancel);
}
