using System.Net;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Payments.Client;

/// <remarks>The audit trail, keys, health, and what changes.</remarks>
public sealed partial class PaymentsApi
{
    [Operation("GET", "/api/v1/audit/events", typeof(ListOf<AuditEvent>))]
    public Task<Answer<ListOf<AuditEvent>>> ListAuditEventsAsync(
        AuditFilter filter, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<AuditEvent>>(
            Address(
                "/api/v1/audit/events", cursor, limit,
                ("actor", filter.Actor), ("action", filter.Action), ("objectType", filter.ObjectType),
                ("objectId", filter.ObjectId)),
            cancel);

    /// <summary>Has the API compute the audit chain again.</summary>
    [Operation("GET", "/api/v1/audit/verification", typeof(AuditVerification))]
    public Task<Answer<AuditVerification>> VerifyAuditAsync(CancellationToken cancel) =>
        GetAsync<AuditVerification>("/api/v1/audit/verification", cancel);

    /// <summary>What happened to an account and its payments, and by whom.</summary>
    [Operation("GET", "/api/v1/accounts/{accountId}/audit-trail", typeof(ListOf<TrailItem>))]
    public Task<Answer<ListOf<TrailItem>>> ListAccountTrailAsync(
        string accountId, string? currency, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<TrailItem>>(
            Address($"/api/v1/accounts/{Segment(accountId)}/audit-trail", cursor, limit, ("currency", currency)),
            cancel);

    [Operation("GET", "/api/v1/keys/current", typeof(OperatorKey))]
    public Task<Answer<OperatorKey>> GetCurrentKeyAsync(CancellationToken cancel) =>
        GetAsync<OperatorKey>("/api/v1/keys/current", cancel);

    [Operation("GET", "/api/v1/cache/stats", typeof(CacheStats))]
    public Task<Answer<CacheStats>> GetCacheStatsAsync(CancellationToken cancel) =>
        GetAsync<CacheStats>("/api/v1/cache/stats", cancel);

    /// <summary>Whether the process that answers runs.</summary>
    [Operation("GET", "/api/v1/health", typeof(Health))]
    public Task<Answer<Health>> GetHealthAsync(CancellationToken cancel) =>
        GetAsync<Health>("/api/v1/health", cancel);

    /// <summary>Whether a payment sent now would be stored and settled. Not being ready is an answer too.</summary>
    [Operation("GET", "/api/v1/ready", typeof(Readiness))]
    public Task<Answer<Readiness>> GetReadinessAsync(CancellationToken cancel) =>
        ProbeAsync<Readiness>("/api/v1/ready", cancel);

    /// <summary>The process that answers and what it needs. That it is not in order is an answer too.</summary>
    [Operation("GET", "/health", typeof(ServiceHealth))]
    public Task<Answer<ServiceHealth>> GetServiceHealthAsync(CancellationToken cancel) =>
        ProbeAsync<ServiceHealth>("/health", cancel);

    [Operation("GET", "/alive", typeof(ServiceHealth))]
    public Task<Answer<ServiceHealth>> GetServiceLifeAsync(CancellationToken cancel) =>
        ProbeAsync<ServiceHealth>("/alive", cancel);

    /// <summary>What a type of problem means and what to do about it.</summary>
    /// <param name="name">The last part of <see cref="Problem.Type"/>.</param>
    [Operation("GET", "/problems/{name}", MediaType = "text/plain")]
    public Task<Answer<string>> DescribeProblemAsync(string name, CancellationToken cancel) =>
        SendAsync(
            () => new(HttpMethod.Get, $"/problems/{Segment(name)}"),
            response => response.Content.ReadAsStringAsync(cancel),
            cancel);

    /// <summary>
    /// The kinds of things that changed (<c>payments</c>, <c>accounts</c>), as they change, until the stream ends.
    /// </summary>
    /// <exception cref="ProblemException">The API refused, or had no answer.</exception>
    [Operation("GET", "/events", MediaType = "text/event-stream")]
    public async IAsyncEnumerable<string> ListenAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        using var stream = (await DownloadAsync("/events", "text/event-stream", cancel)).ValueOrThrow();
        await foreach (var change in SseParser.Create(await stream.OpenAsync(cancel)).EnumerateAsync(cancel))
        {
            yield return change.EventType;
        }
    }

    private Task<Answer<T>> ProbeAsync<T>(string address, CancellationToken cancel) where T : class =>
        AskAsync<T>(
            () => new(HttpMethod.Get, address),
            HttpCompletionOption.ResponseContentRead,
            async response =>
            {
                using (response)
                {
                    return response.IsSuccessStatusCode
                        || (response.StatusCode == HttpStatusCode.ServiceUnavailable
                            && response.Content.Headers.ContentType?.MediaType == "application/json")
                        ? await ReadAsync<T>(response, cancel)
                        : await ReadProblemAsync(response, cancel);
                }
            },
            cancel);
}
