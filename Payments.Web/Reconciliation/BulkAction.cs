namespace Payments.Web.Reconciliation;

/// <summary>What is to be done with every exception that is chosen.</summary>
public sealed record BulkAction(string Action, string? Assignee, string? Notes);

/// <param name="Kind">approve, reject or undo.</param>
public sealed record Decision(Adjustment Adjustment, string Kind)
{
    public Task<Answer<Adjustment>> SendAsync(PaymentsApi api, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(api);
        return Kind switch
        {
            "approve" => api.ApproveAdjustmentAsync(Adjustment.Id, key: null, cancel),
            "reject" => api.RejectAdjustmentAsync(Adjustment.Id, key: null, cancel),
            _ => api.UndoAdjustmentAsync(Adjustment.Id, key: null, cancel),
        };
    }
}

/// <summary>What is to be done with an exception.</summary>
public delegate Task<Answer<ReconciliationException>> ExceptionAct(PaymentsApi api, CancellationToken cancel);
