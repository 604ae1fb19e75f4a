namespace Payments.Client;

/// <remarks>The queue, for those who operate it.</remarks>
public sealed partial class PaymentsApi
{
    [Operation("GET", "/api/v1/queue/stats", typeof(QueueStats))]
    public Task<Answer<QueueStats>> GetQueueStatsAsync(CancellationToken cancel) =>
        GetAsync<QueueStats>("/api/v1/queue/stats", cancel);

    [Operation("GET", "/api/v1/queue/dead-letters", typeof(ListOf<DeadLetter>))]
    public Task<Answer<ListOf<DeadLetter>>> ListDeadLettersAsync(Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<DeadLetter>>(Address("/api/v1/queue/dead-letters", cursor, limit), cancel);

    [Operation("GET", "/api/v1/queue/redrives", typeof(ListOf<Redrive>))]
    public Task<Answer<ListOf<Redrive>>> ListRedrivesAsync(
        Guid? jobId, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<Redrive>>(
            Address("/api/v1/queue/redrives", cursor, limit, ("jobId", jobId?.ToString())), cancel);

    /// <param name="jobId">Null: all dead letters.</param>
    [Operation("POST", "/api/v1/queue/dead-letters/redrive", typeof(Redriven))]
    [Operation("POST", "/api/v1/queue/dead-letters/{id}/redrive", typeof(Redriven))]
    public Task<Answer<Redriven>> RedriveAsync(Guid? jobId, CancellationToken cancel) =>
        SendRedriveAsync(jobId, cancel);

    /// <remarks>Safe to call again with the same key: what died meanwhile stays dead.</remarks>
    public Task<Answer<Redriven>> RedriveAsync(
        Guid? jobId, RequestKey idempotencyKey, CancellationToken cancel) =>
        SendRedriveAsync(jobId, cancel, idempotencyKey);

    /// <param name="workerId">Null: the whole queue.</param>
    [Operation("POST", "/api/v1/queue/pause", typeof(QueueControl))]
    public Task<Answer<QueueControl>> PauseAsync(string? workerId, string? reason, CancellationToken cancel) =>
        PostAsync<QueueControl>("/api/v1/queue/pause", new { workerId, reason }, cancel);

    /// <remarks>Safe to call again with the same key: it does not pause what was resumed meanwhile.</remarks>
    public Task<Answer<QueueControl>> PauseAsync(
        string? workerId, string? reason, RequestKey idempotencyKey, CancellationToken cancel) =>
        PostAsync<QueueControl>("/api/v1/queue/pause", new { workerId, reason }, idempotencyKey, cancel);

    /// <param name="workerId">Null: the whole queue.</param>
    [Operation("POST", "/api/v1/queue/resume", typeof(QueueControl))]
    public Task<Answer<QueueControl>> ResumeAsync(string? workerId, CancellationToken cancel) =>
        PostAsync<QueueControl>("/api/v1/queue/resume", new { workerId }, cancel);

    /// <remarks>Safe to call again with the same key: it does not resume what was paused meanwhile.</remarks>
    public Task<Answer<QueueControl>> ResumeAsync(
        string? workerId, RequestKey idempotencyKey, CancellationToken cancel) =>
        PostAsync<QueueControl>("/api/v1/queue/resume", new { workerId }, idempotencyKey, cancel);

    private Task<Answer<Redriven>> SendRedriveAsync(
        Guid? jobId, CancellationToken cancel, RequestKey? key = null) =>
        PostAsync<Redriven>(
            jobId is { } id ? $"/api/v1/queue/dead-letters/{id}/redrive" : "/api/v1/queue/dead-letters/redrive",
            body: null,
            key,
            cancel);
}
