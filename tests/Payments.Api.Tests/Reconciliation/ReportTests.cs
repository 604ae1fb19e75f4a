namespace Payments.Api.Tests.Reconciliation;

public sealed class ReportTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Day = new(2026, 3, 1, 10, 0, 0, TimeSpan.Zero);

    private readonly ReconciledSystem _system = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _system.InitializeAsync();

    public ValueTask DisposeAsync() => _system.DisposeAsync();

    [Fact]
    public async Task Reports_are_listed_newest_first_page_by_page_and_filtered()
    {
        var old = await _system.AddReportAsync(Day, "daily");
        var failed = await _system.AddReportAsync(Day.AddHours(1), "hourly", "failed", "It broke.");
        var manual = await _system.AddReportAsync(Day.AddHours(2), status: "in_progress");

        Assert.Equal([manual, failed, old], await IdsAsync("reports"));
        Assert.Equal([manual, failed], await IdsAsync("reports?limit=2"));
        Assert.Equal([old], await IdsAsync($"reports?limit=2&starting_after={failed}"));
        Assert.Equal([manual], await IdsAsync($"reports?ending_before={failed}"));
        Assert.Equal([failed], await IdsAsync("reports?status=failed"));
        Assert.Equal([old], await IdsAsync("reports?run_type=daily&status=completed"));
        Assert.Empty(await IdsAsync("reports?run_type=daily&status=failed"));

        var report = (await GetAsync("reports?run_type=hourly")).GetProperty("data")[0];
        Assert.Equal(
            $$"""
            {"id":"{{failed}}","run_type":"hourly","status":"failed","slot":"2026-03-01T11:00:00Z",
            "created_at":"2026-03-01T11:00:00Z","started_at":"2026-03-01T11:00:00Z",
            "completed_at":"2026-03-01T11:00:01.5Z","duration_ms":1500,"total_checks":3,"passed_checks":1,
            "failed_checks":1,"inconclusive_checks":1,"exceptions_count":2,"requested_by":"schedule",
            "error_message":"It broke."}
            """.ReplaceLineEndings(""),
            report.GetRawText());
    }

    [Theory]
    [InlineData("reports?status=over", "invalid_request")]
    [InlineData("reports?run_type=weekly", "invalid_request")]
    [InlineData("reports?runType=daily", "invalid_request")]
    [InlineData("reports?starting_after=1", "invalid_cursor")]
    [InlineData("reports?starting_after=01a1fcaa-a6b4-729a-879b-9da3d8101381", "invalid_cursor")]
    [InlineData("reports?format=csv&limit=5", "invalid_request")]
    [InlineData("checks?check_type=weather", "invalid_request")]
    [InlineData("checks?status=true", "invalid_request")]
    [InlineData("checks?report_id=7", "invalid_request")]
    [InlineData("checks?ending_before=01a1fcaa-a6b4-729a-879b-9da3d8101381", "invalid_cursor")]
    [InlineData("checks/deposits/trend?from=2026-03-02&to=2026-03-01", "invalid_request")]
    [InlineData("checks/deposits/trend?from=2020-03-02&to=2026-03-01", "invalid_request")]
    public async Task A_query_that_means_nothing_is_refused(string path, string code)
    {
        using var response = await _system.Client.GetAsync("/api/admin/reconciliation/" + path, Cancel);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal(code, await response.CodeAsync());
    }

    [Theory]
    [InlineData("reports/01a1fcaa-a6b4-729a-879b-9da3d8101381", "reconciliation_report_not_found")]
    [InlineData("reports/7", "reconciliation_report_not_found")]
    [InlineData("checks/weather/trend", "not_found")]
    public async Task What_does_not_exist_is_not_found(string path, string code)
    {
        using var response = await _system.Client.GetAsync("/api/admin/reconciliation/" + path, Cancel);

        Assert.Equal(404, (int)response.StatusCode);
        Assert.Equal(code, await response.CodeAsync());
    }

    [Fact]
    public async Task A_report_shows_its_checks_in_their_order_and_the_exceptions_that_it_saw()
    {
        var other = await _system.AddReportAsync(Day.AddHours(-1));
        await _system.AddExceptionAsync(other, "of another run");
        var report = await _system.AddReportAsync(Day);
        await _system.AddCheckAsync(report, Day, "withdrawals", "inconclusive");
        var deposits = await _system.AddCheckAsync(report, Day, "deposits", "failed", difference: -1_250);
        await _system.AddCheckAsync(report, Day, "ledger_consistency", "passed");
        var numbers = new List<long>();
        for (var i = 0; i < 3; i++)
        {
            numbers.Add(await _system.AddExceptionAsync(report, $"break {i}"));
        }

        var answer = await GetAsync($"reports/{report}?limit=2");

        Assert.Equal(report, answer.GetProperty("id").GetGuid());
        Assert.Equal(
            ["ledger_consistency", "deposits", "withdrawals"],
            answer.GetProperty("checks").EnumerateArray().Select(check => check.GetProperty("check_type").GetString()));
        Assert.Equal(
            $$"""
            {"id":"{{deposits}}","report_id":"{{report}}","run_type":"manual","check_type":"deposits",
            "status":"failed","passed":false,"expected":"50.00","actual":"37.50","difference":"-12.50",
            "currency":"USD","totals":[{"currency":"USD","expected":"50.00","actual":"37.50","difference":"-12.50"},
            {"currency":"JPY","expected":"40","actual":"40","difference":"0"}],"items_checked":7,"items_found":2,
            "reason":"=2 breaks","created_at":"2026-03-01T10:00:00Z","started_at":"2026-03-01T10:00:00Z",
            "completed_at":"2026-03-01T10:00:00.02Z","duration_ms":20}
            """.ReplaceLineEndings(""),
            answer.GetProperty("checks")[1].GetRawText());

        var exceptions = answer.GetProperty("exceptions");
        Assert.True(exceptions.GetProperty("has_more").GetBoolean());
        Assert.Equal(numbers[..2], NumbersOf(answer));
        var first = exceptions.GetProperty("data")[0];
        Assert.Equal("-12.50", first.GetProperty("difference").GetString());
        Assert.Equal("ACC-1", first.GetProperty("account_id").GetString());
        Assert.Equal(
            numbers[2..], NumbersOf(await GetAsync($"reports/{report}?limit=2&starting_after={numbers[1]}")));
        Assert.Equal(
            numbers[..1], NumbersOf(await GetAsync($"reports/{report}?limit=2&ending_before={numbers[1]}")));
    }

    [Fact]
    public async Task The_history_of_a_check_is_listed_newest_first()
    {
        var report = await _system.AddReportAsync(Day);
        var later = await _system.AddReportAsync(Day.AddHours(1));
        var first = await _system.AddCheckAsync(report, Day, "deposits", "failed", difference: -1);
        var passed = await _system.AddCheckAsync(later, Day.AddHours(1), "deposits", "passed");
        var other = await _system.AddCheckAsync(later, Day.AddHours(1).AddMinutes(1), "withdrawals", "passed");

        Assert.Equal([other, passed, first], await IdsAsync("checks"));
        Assert.Equal([passed, first], await IdsAsync("checks?check_type=deposits"));
        Assert.Equal([first], await IdsAsync($"checks?check_type=deposits&starting_after={passed}"));
        Assert.Equal([first], await IdsAsync("checks?status=failed"));
        Assert.Equal([other, passed], await IdsAsync($"checks?report_id={later}"));
    }

    [Fact]
    public async Task The_trend_of_a_check_sums_its_days_and_keeps_the_largest_difference_of_each_currency()
    {
        foreach (var (hours, status, difference, milliseconds) in new[]
        {
            (0, "failed", 300L, 10L), (1, "failed", -1_250L, 20L), (2, "passed", 0L, 40L),
            (24, "inconclusive", 0L, 7L), (24 * 40, "failed", 9_999L, 1L),
        })
        {
            var at = Day.AddHours(hours);
            await _system.AddCheckAsync(
                await _system.AddReportAsync(at), at, "deposits", status, difference, milliseconds);
        }

        var trend = await GetAsync("checks/deposits/trend?from=2026-03-01&to=2026-03-03");

        Assert.Equal(
            """
            {"check_type":"deposits","from":"2026-03-01T00:00:00Z","to":"2026-03-03T00:00:00Z","data":[
            {"date":"2026-03-01","runs":3,"passed":1,"failed":2,"inconclusive":0,"largest_differences":[
            {"currency":"JPY","difference":"0"},{"currency":"USD","difference":"-12.50"}],"average_duration_ms":23.3},
            {"date":"2026-03-02","runs":1,"passed":0,"failed":0,"inconclusive":1,"largest_differences":[
            {"currency":"JPY","difference":"0"},{"currency":"USD","difference":"0.00"}],"average_duration_ms":7.0}]}
            """.ReplaceLineEndings(""),
            trend.GetRawText());
        Assert.Empty((await GetAsync("checks/withdrawals/trend")).GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task Reports_and_checks_are_files_too_oldest_first_and_without_formulas()
    {
        var report = await _system.AddReportAsync(Day, "daily");
        var manual = await _system.AddReportAsync(Day.AddHours(1), status: "pending");
        var check = await _system.AddCheckAsync(report, Day, "deposits", "failed", difference: -1_250);
        await _system.AddCheckAsync(report, Day, "withdrawals", "passed");

        using var reports = await _system.Client.GetAsync("/api/admin/reconciliation/reports?format=csv", Cancel);
        using var checks = await _system.Client.GetAsync(
            "/api/admin/reconciliation/checks?format=csv&check_type=deposits", Cancel);

        Assert.Equal("text/csv", reports.Content.Headers.ContentType?.MediaType);
        Assert.Equal(
            "attachment; filename=\"reconciliation-reports.csv\"",
            reports.Content.Headers.ContentDisposition?.ToString());
        Assert.Equal(
            [
                "id,run_type,status,slot,created_at,started_at,completed_at,duration_ms,total_checks,passed_checks,"
                + "failed_checks,inconclusive_checks,exceptions_count,requested_by,error_message",
                $"{report},daily,completed,2026-03-01T10:00:00.000000Z,2026-03-01T10:00:00.000000Z,"
                + "2026-03-01T10:00:00.000000Z,2026-03-01T10:00:01.500000Z,1500,3,1,1,1,2,schedule,",
                $"{manual},manual,pending,,2026-03-01T11:00:00.000000Z,2026-03-01T11:00:00.000000Z,,,3,1,1,1,2,"
                + "controller,",
                "",
            ],
            (await reports.Content.ReadAsStringAsync(Cancel)).Split("\r\n"));
        Assert.Equal(
            $"{check},{report},daily,deposits,failed,false,50.00,37.50,-12.50,USD,7,2,'=2 breaks,"
            + "2026-03-01T10:00:00.000000Z,2026-03-01T10:00:00.000000Z,2026-03-01T10:00:00.020000Z,20",
            (await checks.Content.ReadAsStringAsync(Cancel)).Split("\r\n")[1]);
    }

    private Task<JsonElement> GetAsync(string path) =>
        _system.Client.GetJsonAsync("/api/admin/reconciliation/" + path);

    private async Task<IEnumerable<Guid>> IdsAsync(string path) =>
        (await GetAsync(path)).GetProperty("data").EnumerateArray().Select(item => item.GetProperty("id").GetGuid());

    private static IEnumerable<long> NumbersOf(JsonElement report) => report.GetProperty("exceptions")
        .GetProperty("data").EnumerateArray().Select(item => item.GetProperty("number").GetInt64());
}
