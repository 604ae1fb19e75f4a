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
        PostAsync<Redriven>(
            jobId is { } id ? $"/api/v1/queue/dead-letters/{id}/redrive" : "/api/v1/queue/dead-letters/redrive",
            body: null,
            cancel);

    /// <param name="workerId">Null: the whole queue.</param>
    [Operation("POST", "/api/v1/queue/pause", typeof(QueueControl))]
    public Task<Answer<QueueControl>> PauseAsync(string? workerId, string? reason, CancellationToken cancel) =>
        PostAsync<QueueControl>("/api/v1/queue/pause", new { workerId, reason }, cancel);

    /// <param name="workerId">Null: the whole queue.</param>
    [Operation("POST", "/api/v1/queue/resume", typeof(QueueControl))]
    public Task<Answer<QueueControl>> ResumeAsync(string? workerId, CancellationToken cancel) =>
        PostAsync<QueueControl>("/api/v1/queue/resume", new { workerId }, cancel);
}
