using System.Net.Http.Json;
using System.Text.Json;

namespace Payments.Client;

/// <remarks>The routes of reconciliation, whose members are in snake_case.</remarks>
public sealed partial class PaymentsApi
{
    private const string Admin = "/api/admin/reconciliation";

    private static readonly JsonSerializerOptions SnakeCase = Named(JsonNamingPolicy.SnakeCaseLower);

    public Task<Answer<ListOf<Report>>> ListReportsAsync(Cursor cursor, int limit, CancellationToken cancel) =>
        GetSnakeAsync<ListOf<Report>>(Address(Admin + "/reports", cursor, limit), cancel);

    public Task<Answer<ReportDetails>> GetReportAsync(Guid id, CancellationToken cancel) =>
        GetSnakeAsync<ReportDetails>($"{Admin}/reports/{id}", cancel);

    public Task<Answer<ListOf<ReportCheck>>> ListChecksAsync(string checkType, int limit, CancellationToken cancel) =>
        GetSnakeAsync<ListOf<ReportCheck>>(
            Address(Admin + "/checks", new Cursor(), limit, ("check_type", checkType)), cancel);

    /// <remarks>Safe to call again with the same key: it asks for one run.</remarks>
    public Task<Answer<RunAccepted>> RunReconciliationAsync(RequestKey idempotencyKey, CancellationToken cancel) =>
        SendAsync(
            () => new(HttpMethod.Post, Admin + "/run")
            {
                Headers = { { KeyHeader, idempotencyKey.Text } },
                Content = JsonContent.Create(new { run_type = "manual" }),
            },
            response => ReadSnakeAsync<RunAccepted>(response, cancel),
            cancel);

    public Task<Answer<ListOf<ReconciliationException>>> ListExceptionsAsync(
        DeskFilter filter, Cursor cursor, int limit, CancellationToken cancel) =>
        GetSnakeAsync<ListOf<ReconciliationException>>(
            Address(Admin + "/exceptions", cursor, limit, filter.Parameters), cancel);

    public Task<Answer<ExceptionDetails>> GetExceptionAsync(Guid id, CancellationToken cancel) =>
        GetSnakeAsync<ExceptionDetails>($"{Admin}/exceptions/{id}", cancel);

    /// <param name="body">Members in snake_case, with the version that was seen.</param>
    /// <remarks>Safe to call again: doing the same twice changes nothing.</remarks>
    public Task<Answer<ReconciliationException>> ActOnExceptionAsync(
        Guid id, string action, object body, CancellationToken cancel) =>
        SendSnakeAsync<ReconciliationException>(
            action == "resolve" ? HttpMethod.Put : HttpMethod.Post, $"{Admin}/exceptions/{id}/{action}", body, cancel);

    public Task<Answer<BulkResult>> ActOnExceptionsAsync(
        IReadOnlyCollection<Guid> ids, string action, string? assignee, string? notes, CancellationToken cancel) =>
        SendSnakeAsync<BulkResult>(
            HttpMethod.Post, Admin + "/exceptions/bulk", new { action, ids, assignee, notes }, cancel);

    /// <param name="kind">adjustment or rebuild_account_row.</param>
    public Task<Answer<Adjustment>> ProposeAdjustmentAsync(
        Guid exceptionId, string kind, string reason, int version, CancellationToken cancel) =>
        SendSnakeAsync<Adjustment>(
            HttpMethod.Post, $"{Admin}/exceptions/{exceptionId}/adjustments", new { kind, reason, version }, cancel);

    public Task<Answer<ListOf<Adjustment>>> ListProposalsAsync(int limit, CancellationToken cancel) =>
        GetSnakeAsync<ListOf<Adjustment>>(
            Address(Admin + "/adjustments", new Cursor(), limit, ("status", "proposed")), cancel);

    /// <param name="decision">approve, reject or undo.</param>
    public Task<Answer<Adjustment>> DecideAdjustmentAsync(Guid id, string decision, CancellationToken cancel) =>
        SendSnakeAsync<Adjustment>(HttpMethod.Post, $"{Admin}/adjustments/{id}/{decision}", body: null, cancel);

    [Operation("GET", Admin + "/providers", typeof(ListOf<ProviderBalance>))]
    public Task<Answer<ListOf<ProviderBalance>>> ListProvidersAsync(CancellationToken cancel) =>
        GetAsync<ListOf<ProviderBalance>>(Admin + "/providers", cancel);

    private Task<Answer<T>> GetSnakeAsync<T>(string address, CancellationToken cancel) where T : class =>
        SendAsync(() => new(HttpMethod.Get, address), response => ReadSnakeAsync<T>(response, cancel), cancel);

    private Task<Answer<T>> SendSnakeAsync<T>(
        HttpMethod method, string address, object? body, CancellationToken cancel) where T : class =>
        SendAsync(
            () => new(method, address)
            {
                Content = body is null ? null : JsonContent.Create(body, options: SnakeCase),
            },
            response => ReadSnakeAsync<T>(response, cancel),
            cancel);

    private static async Task<T> ReadSnakeAsync<T>(HttpResponseMessage response, CancellationToken cancel) =>
        await response.Content.ReadFromJsonAsync<T>(SnakeCase, cancel) ?? throw new JsonException("The body is null.");
}
