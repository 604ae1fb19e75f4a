namespace Payments.Client;

/// <remarks>
/// The exceptions desk. To do the same twice changes nothing, but for comments; a key makes one request of several, and
/// a version refuses what was decided on an older state.
/// </remarks>
public sealed partial class PaymentsApi
{
    private const string Exceptions = Reconciliation + "/exceptions";

    [Operation("GET", Exceptions, typeof(ListOf<ReconciliationException>))]
    public Task<Answer<ListOf<ReconciliationException>>> ListExceptionsAsync(
        DeskFilter filter, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<ReconciliationException>>(
            Address(Exceptions, cursor, limit, filter.Parameters), cancel);

    /// <summary>All exceptions, oldest first, as a file.</summary>
    [Operation("GET", Exceptions, MediaType = Csv)]
    public Task<Answer<FileDownload>> DownloadExceptionsAsync(DeskFilter filter, CancellationToken cancel) =>
        DownloadAsync(Address(Exceptions, [.. filter.Parameters, ("format", "csv")]), Csv, cancel);

    [Operation("GET", Exceptions + "/{id}", typeof(ExceptionDetails))]
    public Task<Answer<ExceptionDetails>> GetExceptionAsync(Guid id, CancellationToken cancel) =>
        GetAsync<ExceptionDetails>($"{Exceptions}/{id}", cancel);

    [Operation("POST", Exceptions + "/{id}/acknowledge", typeof(ReconciliationException))]
    public Task<Answer<ReconciliationException>> AcknowledgeExceptionAsync(
        Guid id, string? notes, int? version, RequestKey? key, CancellationToken cancel) =>
        PostAsync<ReconciliationException>($"{Exceptions}/{id}/acknowledge", new { notes, version }, key, cancel);

    /// <param name="assignee">Null: nobody.</param>
    [Operation("POST", Exceptions + "/{id}/assign", typeof(ReconciliationException))]
    public Task<Answer<ReconciliationException>> AssignExceptionAsync(
        Guid id, string? assignee, string? notes, int? version, RequestKey? key, CancellationToken cancel) =>
        PostAsync<ReconciliationException>($"{Exceptions}/{id}/assign", new { assignee, notes, version }, key, cancel);

    [Operation("POST", Exceptions + "/{id}/comments", typeof(ReconciliationException))]
    public Task<Answer<ReconciliationException>> CommentOnExceptionAsync(
        Guid id, string text, RequestKey? key, CancellationToken cancel) =>
        PostAsync<ReconciliationException>($"{Exceptions}/{id}/comments", new { text }, key, cancel);

    /// <param name="resolvedBy">Null: the owner of the key.</param>
    [Operation("PUT", Exceptions + "/{id}/resolve", typeof(ReconciliationException))]
    public Task<Answer<ReconciliationException>> ResolveExceptionAsync(
        Guid id, string? resolvedBy, string? notes, int? version, RequestKey? key, CancellationToken cancel) =>
        SendAsync(
            () =>
            {
                var body = new { resolved_by = resolvedBy, notes, version };
                var request = Post($"{Exceptions}/{id}/resolve", body, key);
                request.Method = HttpMethod.Put;
                return request;
            },
            response => ReadAsync<ReconciliationException>(response, cancel),
            cancel);

    [Operation("POST", Exceptions + "/{id}/reopen", typeof(ReconciliationException))]
    public Task<Answer<ReconciliationException>> ReopenExceptionAsync(
        Guid id, string? notes, int? version, RequestKey? key, CancellationToken cancel) =>
        PostAsync<ReconciliationException>($"{Exceptions}/{id}/reopen", new { notes, version }, key, cancel);

    [Operation("POST", Exceptions + "/bulk", typeof(BulkResult))]
    public Task<Answer<BulkResult>> ActOnExceptionsAsync(
        BulkChange change, RequestKey? key, CancellationToken cancel) =>
        PostAsync<BulkResult>(Exceptions + "/bulk", change, key, cancel);
}
