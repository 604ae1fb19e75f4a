using Payments.Web.Accounts;
using Payments.Web.Queue;

namespace Payments.Web;

/// <remarks>The routes of those who operate the system, beside those who pay.</remarks>
internal sealed partial class PaymentsApi
{
    public Task<Answer<QueueStats>> GetQueueStatsAsync(CancellationToken cancel) =>
        GetAsync<QueueStats>("/api/v1/queue/stats", cancel);

    public Task<Answer<ListOf<DeadLetter>>> ListDeadLettersAsync(Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<DeadLetter>>(Address("/api/v1/queue/dead-letters", cursor, limit), cancel);

    /// <param name="jobId">Null: all dead letters.</param>
    public Task<Answer<Redriven>> RedriveAsync(Guid? jobId, CancellationToken cancel) =>
        PostAsync<Redriven>(
            jobId is { } id ? $"/api/v1/queue/dead-letters/{id}/redrive" : "/api/v1/queue/dead-letters/redrive",
            body: null,
            cancel);

    /// <param name="workerId">Null: the whole queue.</param>
    public Task<Answer<QueueControl>> PauseAsync(string? workerId, string? reason, CancellationToken cancel) =>
        PostAsync<QueueControl>("/api/v1/queue/pause", new { workerId, reason }, cancel);

    /// <param name="workerId">Null: the whole queue.</param>
    public Task<Answer<QueueControl>> ResumeAsync(string? workerId, CancellationToken cancel) =>
        PostAsync<QueueControl>("/api/v1/queue/resume", new { workerId }, cancel);

    /// <summary>Checks the account and answers with the report and the first of what it found.</summary>
    public Task<Answer<AccountReport>> ReconcileAsync(
        string accountId, string? currency, int limit, CancellationToken cancel) =>
        PostAsync<AccountReport>(
            Address(
                $"/api/v1/accounts/{Uri.EscapeDataString(accountId)}/reconcile", new Cursor(), limit,
                ("currency", currency)),
            body: null,
            cancel);

    /// <summary>The last report of an account, and the first of what it found.</summary>
    public Task<Answer<AccountReport>> GetReportAsync(
        string accountId, string? currency, int limit, CancellationToken cancel) =>
        GetAsync<AccountReport>(
            Address(
                $"/api/v1/accounts/{Uri.EscapeDataString(accountId)}/reconciliation-difference", new Cursor(), limit,
                ("currency", currency)),
            cancel);

    private Task<Answer<T>> PostAsync<T>(string address, object? body, CancellationToken cancel) where T : class =>
        SendAsync(
            () => new(HttpMethod.Post, address)
            {
                Content = body is null ? null : JsonContent.Create(body, options: Json),
            },
            response => ReadAsync<T>(response, cancel),
            cancel);
}
