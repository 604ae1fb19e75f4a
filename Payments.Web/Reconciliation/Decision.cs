namespace Payments.Web.Reconciliation;

/// <summary>What a person decides about a correction.</summary>
/// <param name="Kind">approve, reject or undo.</param>
public sealed record Decision(Guid AdjustmentId, string Kind)
{
    public Task<Answer<Adjustment>> SendAsync(PaymentsApi api, RequestKey key, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(api);
        return Kind switch
        {
            "approve" => api.ApproveAdjustmentAsync(AdjustmentId, key, cancel),
            "reject" => api.RejectAdjustmentAsync(AdjustmentId, key, cancel),
            _ => api.UndoAdjustmentAsync(AdjustmentId, key, cancel),
        };
    }
}
