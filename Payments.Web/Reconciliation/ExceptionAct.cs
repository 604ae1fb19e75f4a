namespace Payments.Web.Reconciliation;

/// <summary>What is to be done with an exception.</summary>
/// <param name="Kind">acknowledge, assign, comment, resolve or reopen.</param>
/// <param name="Version">Of the exception as it was seen; null: whatever became of it.</param>
/// <param name="Text">The notes; of a comment its text, of an assignment to whom, or null for nobody.</param>
public sealed record ExceptionAct(string Kind, Guid Id, int? Version, string? Text)
{
    public Task<Answer<ReconciliationException>> SendAsync(
        PaymentsApi api, RequestKey key, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(api);
        return Kind switch
        {
            "acknowledge" => api.AcknowledgeExceptionAsync(Id, Text, Version, key, cancel),
            "assign" => api.AssignExceptionAsync(Id, Text, notes: null, Version, key, cancel),
            "comment" => api.CommentOnExceptionAsync(Id, Text!, key, cancel),
            "resolve" => api.ResolveExceptionAsync(Id, resolvedBy: null, Text, Version, key, cancel),
            _ => api.ReopenExceptionAsync(Id, Text, Version, key, cancel),
        };
    }
}
