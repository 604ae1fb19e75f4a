namespace Payments.Client;

/// <remarks>Accounts, their histories, and whether those agree with their payments.</remarks>
public sealed partial class PaymentsApi
{
    private const string Csv = "text/csv";

    [Operation("GET", "/accounts", typeof(ListOf<Account>), Also = "/api/v1/accounts")]
    public Task<Answer<ListOf<Account>>> ListAccountsAsync(
        string? search, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<Account>>(Address("/accounts", cursor, limit, ("search", search)), cancel);

    /// <remarks>Safe to call again: an account is opened once.</remarks>
    [Operation("POST", "/accounts", typeof(Account), typeof(Account), Also = "/api/v1/accounts")]
    public Task<Answer<Account>> OpenAccountAsync(NewAccount account, CancellationToken cancel) =>
        PostAsync<Account>("/accounts", account, cancel);

    /// <remarks>Under a key, a repetition gets the first answer, and another account is refused.</remarks>
    public Task<Answer<Account>> OpenAccountAsync(
        NewAccount account, RequestKey idempotencyKey, CancellationToken cancel) =>
        PostAsync<Account>("/accounts", account, idempotencyKey, cancel);

    public Task<Answer<Balance>> GetBalanceAsync(string accountId, string? currency, CancellationToken cancel) =>
        GetBalanceAsync(accountId, currency, at: null, cancel);

    /// <param name="at">A moment of the past; null: now.</param>
    [Operation(
        "GET", "/accounts/{accountId}/balance", typeof(Balance), Also = "/api/v1/accounts/{accountId}/balance")]
    public Task<Answer<Balance>> GetBalanceAsync(
        string accountId, string? currency, DateTimeOffset? at, CancellationToken cancel) =>
        GetAsync<Balance>(
            Address($"/accounts/{Segment(accountId)}/balance", ("currency", currency), ("at", Text(at))), cancel);

    [Operation(
        "GET", "/api/v1/accounts/{accountId}/ledger", typeof(ListOf<AccountEntry>),
        Also = "/accounts/{accountId}/ledger")]
    public Task<Answer<ListOf<AccountEntry>>> ListEntriesAsync(
        string accountId, string? currency, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<AccountEntry>>(
            Address($"/api/v1/accounts/{Segment(accountId)}/ledger", cursor, limit, ("currency", currency)), cancel);

    /// <summary>All entries of an account in a period, oldest first, as a file.</summary>
    [Operation(
        "GET", "/api/v1/accounts/{accountId}/ledger", MediaType = Csv, Also = "/accounts/{accountId}/ledger")]
    public Task<Answer<FileDownload>> DownloadEntriesAsync(
        string accountId, string? currency, DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancel) =>
        DownloadAsync(
            Address(
                $"/api/v1/accounts/{Segment(accountId)}/ledger",
                ("currency", currency), ("from", Text(from)), ("to", Text(to)), ("format", "csv")),
            Csv,
            cancel);

    [Operation(
        "GET", "/api/v1/accounts/{accountId}/statement", typeof(Statement),
        Also = "/accounts/{accountId}/statement")]
    public Task<Answer<Statement>> GetStatementAsync(
        string accountId, string? currency, DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancel) =>
        GetAsync<Statement>(
            Address(
                $"/api/v1/accounts/{Segment(accountId)}/statement",
                ("currency", currency), ("from", Text(from)), ("to", Text(to))),
            cancel);

    /// <summary>The same statement as a file.</summary>
    [Operation(
        "GET", "/api/v1/accounts/{accountId}/statement", MediaType = Csv, Also = "/accounts/{accountId}/statement")]
    public Task<Answer<FileDownload>> DownloadStatementAsync(
        string accountId, string? currency, DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancel) =>
        DownloadAsync(
            Address(
                $"/api/v1/accounts/{Segment(accountId)}/statement",
                ("currency", currency), ("from", Text(from)), ("to", Text(to)), ("format", "csv")),
            Csv,
            cancel);

    /// <summary>A file of the API as it is, to be passed on. The caller disposes it.</summary>
    /// <exception cref="HttpRequestException">There was no answer.</exception>
    public async Task<HttpResponseMessage> OpenFileAsync(string address, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        using var limit = LimitOf(isLong: false, cancel);
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        }
        catch (OperationCanceledException late) when (!cancel.IsCancellationRequested)
        {
            throw new HttpRequestException("There was no answer in time.", late);
        }
    }

    /// <summary>Checks the account and answers with the report and the first of what it found.</summary>
    [Operation("POST", "/api/v1/accounts/{accountId}/reconcile", typeof(AccountReport))]
    public Task<Answer<AccountReport>> ReconcileAsync(
        string accountId, string? currency, int limit, CancellationToken cancel) =>
        MakeReportAsync(accountId, currency, limit, cancel);

    /// <remarks>Safe to call again with the same key: it makes one report.</remarks>
    public Task<Answer<AccountReport>> ReconcileAsync(
        string accountId, string? currency, int limit, RequestKey idempotencyKey, CancellationToken cancel) =>
        MakeReportAsync(accountId, currency, limit, cancel, idempotencyKey);

    private Task<Answer<AccountReport>> MakeReportAsync(
        string accountId, string? currency, int limit, CancellationToken cancel, RequestKey? key = null) =>
        PostAsync<AccountReport>(
            Address(
                $"/api/v1/accounts/{Segment(accountId)}/reconcile", new Cursor(), limit, ("currency", currency)),
            body: null,
            key,
            cancel,
            isLong: true);

    /// <summary>The last report of an account, and the first of what it found.</summary>
    [Operation("GET", "/api/v1/accounts/{accountId}/reconciliation-difference", typeof(AccountReport))]
    public Task<Answer<AccountReport>> GetReportAsync(
        string accountId, string? currency, int limit, CancellationToken cancel) =>
        GetAsync<AccountReport>(
            Address(
                $"/api/v1/accounts/{Segment(accountId)}/reconciliation-difference", new Cursor(), limit,
                ("currency", currency)),
            cancel);

    [Operation("GET", "/api/v1/accounts/{accountId}/reconciliation-history", typeof(ListOf<ReportSummary>))]
    public Task<Answer<ListOf<ReportSummary>>> ListReportsAsync(
        string accountId, string? currency, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<ReportSummary>>(
            Address(
                $"/api/v1/accounts/{Segment(accountId)}/reconciliation-history", cursor, limit,
                ("currency", currency)),
            cancel);
}
