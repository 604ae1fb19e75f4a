namespace Payments.Web.Tests.Reconciliation;

/// <summary>What the API answers the screens of reconciliation.</summary>
internal static class DeskAnswers
{
    public const string Admin = "/api/admin/reconciliation";

    public const string Id = "019a0000-0000-7000-8000-0000000000aa";

    public const string ReportId = "019a0000-0000-7000-8000-0000000000bb";

    public const string AdjustmentId = "019a0000-0000-7000-8000-0000000000dd";

    public const string ExceptionPath = $"{Admin}/exceptions/{Id}";

    public const string AdjustmentPath = $"{Admin}/adjustments/{AdjustmentId}";

    public static string ResolvedException { get; } = OpenException
        .Replace("\"status\":\"open\"", "\"status\":\"resolved\"", StringComparison.Ordinal)
        .Replace("\"resolved_at\":null", "\"resolved_at\":\"2026-03-02T11:00:00Z\"", StringComparison.Ordinal);

    public static string PostedAdjustment { get; } = Proposal
        .Replace("\"proposed\"", "\"posted\"", StringComparison.Ordinal)
        .Replace("\"rebuild_account_row\"", "\"adjustment\"", StringComparison.Ordinal);

    /// <summary>All that the desk, an exception's page and the page of the runs ask for.</summary>
    public static FakeApi Full(string one = OpenException, string adjustment = Proposal) => Answer(new FakeApi()
        .Answers(Admin + "/reports", List(ManualRun))
        .Answers($"{Admin}/reports/{ReportId}", RunWith(Check))
        .Answers(Admin + "/providers", List(Provider)), one, adjustment);

    /// <summary>The run with one of its checks.</summary>
    public static string RunWith(string check) =>
        ManualRun[..^1] + $$""","checks":[{{check}}],"exceptions":{{List(Seen)}} }""";

    /// <summary>From now on the exception, and its correction, are these.</summary>
    public static FakeApi Answer(FakeApi api, string one, string adjustment = Proposal) => api
        .Answers(Admin + "/exceptions", List(one))
        .Answers(ExceptionPath, WithStory(Opened, one, adjustment))
        .Answers(Admin + "/adjustments", List(adjustment));

    /// <summary>The exception with one line of its story.</summary>
    public static string WithStory(string line, string one = OpenException, string adjustment = Proposal) =>
        one[..^1] + $$"""
        ,"story":[{{line}}],"recent_sightings":[],"adjustments":[{{adjustment}}],"corrections":["adjustment"],
        "evidence":{"account":null,"entry":null,"transaction":null,"payment":null,"flow":null},
        "links":{"account":null,"payment":null,"flow":null,"first_report":null,"last_report":null,
        "adjustments":"{{Admin}}/adjustments"} }
        """;

    public static string List(string item) =>
        $$"""{"object":"list","data":[{{item}}],"has_more":false,"url":"{{Admin}}" }""";

    public const string ManualRun = $$"""
        {"id":"{{ReportId}}","run_type":"manual","status":"in_progress","slot":null,"created_at":"2026-03-01T10:00:00Z",
        "started_at":null,"completed_at":null,"duration_ms":null,"total_checks":7,"passed_checks":0,"failed_checks":1,
        "inconclusive_checks":0,"exceptions_count":1,"requested_by":"developer","error_message":null}
        """;

    private const string Opened = """
        {"created_at":"2026-03-01T10:00:00Z","kind":"opened","actor":"reconciliation","text":null,"details":{} }
        """;

    public const string Check = $$"""
        {"id":"019a0000-0000-7000-8000-0000000000cc","report_id":"{{ReportId}}","run_type":"manual",
        "check_type":"deposits","status":"failed","passed":false,"expected":"100.000000","actual":"140.000000",
        "difference":"40.000000","currency":"USDC","totals":[],"items_checked":12,"items_found":2,
        "reason":"Two deposits have no entries.","created_at":"2026-03-01T10:00:00Z","started_at":null,
        "completed_at":null,"duration_ms":120}
        """;

    private const string Seen = $$"""
        {"id":"{{Id}}","number":7,"check_type":"deposits","kind":"missing_entries","severity":"high","status":"open",
        "description":"A deposit has no entries.","difference":"-40.000000","currency":"USDC","account_id":"ACC-001",
        "seen_at":"2026-03-01T10:00:00Z","first_seen_at":"2026-03-01T10:00:00Z","sightings":24}
        """;

    public const string OpenException = $$"""
        {"id":"{{Id}}","number":7,"check_type":"deposits","kind":"missing_entries","severity":"high","status":"open",
        "description":"A deposit of <ACC-001> has no entries.","expected":"40.000000","actual":"0.000000",
        "difference":"-40.000000","currency":"USDC","account_id":"ACC-001","position":null,"payment_id":null,
        "transaction_id":null,"flow_id":null,"assignee":null,"present":true,"overdue":true,"sightings":24,"reopened":0,
        "version":3,"first_report_id":"{{ReportId}}","last_report_id":"{{ReportId}}",
        "created_at":"2026-03-01T10:00:00Z",
        "first_seen_at":"2026-03-01T10:00:00Z","last_seen_at":"2026-03-02T10:00:00Z","due_at":"2026-03-01T14:00:00Z",
        "updated_at":"2026-03-01T10:00:00Z","acknowledged_at":null,"resolved_at":null,"resolved_by":null,
        "resolved_by_key":null,"resolved_difference":null,"notes":null}
        """;

    public const string Provider = """
        {"provider":"circle","currency":"USDC","providerBalance":125.0,"asOf":"2026-03-01T10:00:00Z",
        "fetchedAt":"2026-03-01T10:00:00Z","ageSeconds":25.4,"ledgerBalance":100.0,"difference":25.0,"tolerance":10.0,
        "status":"differs","reason":null,"inconclusiveSince":null}
        """;

    public const string Proposal = $$"""
        {"id":"{{AdjustmentId}}","exception_id":"{{Id}}","kind":"rebuild_account_row",
        "status":"proposed","amount":"-5.00","counter_amount":"0.00","currency":"USD","account_id":"ACC-001",
        "counter_account_id":null,"needs_approval":true,"corrects":null,"transaction_id":null,
        "counter_transaction_id":null,"undo_transaction_id":null,"undo_counter_transaction_id":null,
        "reason":"The row was changed.","failure":null,"proposed_by":"developer","approved_by":null,"rejected_by":null,
        "undone_by":null,"created_at":"2026-03-01T10:00:00Z","decided_at":null,"undone_at":null}
        """;
}
