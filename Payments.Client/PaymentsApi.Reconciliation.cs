namespace Payments.Client;

/// <remarks>Reconciliation runs and what they found.</remarks>
public sealed partial class PaymentsApi
{
    private const string Reconciliation = "/api/admin/reconciliation";

    [Operation("GET", Reconciliation + "/reports", typeof(ListOf<Report>))]
    public Task<Answer<ListOf<Report>>> ListReportsAsync(
        ReportFilter filter, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<Report>>(
            Address(
                Reconciliation + "/reports", cursor, limit, ("run_type", filter.RunType), ("status", filter.Status)),
            cancel);

    /// <summary>All runs, oldest first, as a file.</summary>
    [Operation("GET", Reconciliation + "/reports", MediaType = Csv)]
    public Task<Answer<FileDownload>> DownloadReportsAsync(ReportFilter filter, CancellationToken cancel) =>
        DownloadAsync(
            Address(
                Reconciliation + "/reports",
                ("run_type", filter.RunType), ("status", filter.Status), ("format", "csv")),
            Csv,
            cancel);

    /// <param name="cursor">A place among the exceptions that the run saw.</param>
    [Operation("GET", Reconciliation + "/reports/{id}", typeof(ReportDetails))]
    public Task<Answer<ReportDetails>> GetReportAsync(Guid id, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ReportDetails>(Address($"{Reconciliation}/reports/{id}", cursor, limit), cancel);

    /// <remarks>Safe to call again with the same key: it asks for one run.</remarks>
    [Operation("POST", Reconciliation + "/run", typeof(RunAccepted))]
    public Task<Answer<RunAccepted>> RunReconciliationAsync(RequestKey? key, CancellationToken cancel) =>
        PostAsync<RunAccepted>(Reconciliation + "/run", new { run_type = "manual" }, key, cancel);

    [Operation("GET", Reconciliation + "/checks", typeof(ListOf<ReportCheck>))]
    public Task<Answer<ListOf<ReportCheck>>> ListChecksAsync(
        CheckFilter filter, Cursor cursor, int limit, CancellationToken cancel) =>
        GetAsync<ListOf<ReportCheck>>(
            Address(
                Reconciliation + "/checks", cursor, limit,
                ("check_type", filter.CheckType), ("status", filter.Status),
                ("report_id", filter.ReportId?.ToString())),
            cancel);

    /// <summary>The checks of all runs, oldest first, as a file.</summary>
    [Operation("GET", Reconciliation + "/checks", MediaType = Csv)]
    public Task<Answer<FileDownload>> DownloadChecksAsync(CheckFilter filter, CancellationToken cancel) =>
        DownloadAsync(
            Address(
                Reconciliation + "/checks",
                ("check_type", filter.CheckType), ("status", filter.Status),
                ("report_id", filter.ReportId?.ToString()), ("format", "csv")),
            Csv,
            cancel);

    /// <summary>How one check went day by day; without a period the last 30 days.</summary>
    [Operation("GET", Reconciliation + "/checks/{checkType}/trend", typeof(CheckTrend))]
    public Task<Answer<CheckTrend>> GetCheckTrendAsync(
        string checkType, DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancel) =>
        GetAsync<CheckTrend>(
            Address(
                $"{Reconciliation}/checks/{Segment(checkType)}/trend", ("from", Text(from)), ("to", Text(to))),
            cancel);

    [Operation("GET", Reconciliation + "/providers", typeof(ListOf<ProviderBalance>))]
    public Task<Answer<ListOf<ProviderBalance>>> ListProvidersAsync(CancellationToken cancel) =>
        GetAsync<ListOf<ProviderBalance>>(Reconciliation + "/providers", cancel);
}
