using System.Net;
using Payments.Web.Accounts;

namespace Payments.Web.Tests.Accounts;

public sealed class AccountReconciliationTests
{
    private const string ReconcilePath = "/api/v1/accounts/ACC-001/reconcile";
    private const string DifferencePath = "/api/v1/accounts/ACC-001/reconciliation-difference";

    private static readonly Dictionary<string, object?> Parameters =
        new(StringComparer.Ordinal) { ["AccountId"] = "ACC-001" };

    [Fact]
    public async Task The_button_reconciles_the_account_in_the_currency_that_is_shown()
    {
        var api = Account().Answers(ReconcilePath, Report(findings: ""), HttpStatusCode.Created);
        await using var screen = await Screen.OpenAsync<AccountPage>(api, "/accounts/ACC-001", Parameters);

        await screen.ClickAsync("reconcile");

        var html = await screen.HtmlWithAsync("Balanced");
        Assert.Contains("7 payments, 9 entries, 0 findings", html, StringComparison.Ordinal);
        var sent = api.Received.Single(received => received.Request.Method == HttpMethod.Post);
        Assert.Equal(ReconcilePath + "?currency=USD&limit=50", sent.Request.RequestUri!.PathAndQuery);
    }

    [Fact]
    public async Task A_report_that_differs_names_each_finding_and_its_payment()
    {
        var api = Account().Answers(DifferencePath, Report(findings: """
            {"id":"0-1","kind":"missing_entry","detail":"the payment is settled, <but> was never posted",
             "paymentId":"019a0000-0000-7000-8000-000000000001","transactionId":null,"entryId":null,"position":4,
             "expectedPosition":null,"expected":50.00,"actual":null}
            """));
        await using var screen = await Screen.OpenAsync<AccountPage>(api, "/accounts/ACC-001", Parameters);

        await screen.ClickAsync("last-report");

        var html = await screen.HtmlWithAsync("Differs");
        Assert.All(
            ["Missing entry", "the payment is settled, &lt;but&gt; was never posted", "/payments/" + Answers.PaymentId,
                "50.00", "140.00", "by ann"],
            shown => Assert.Contains(shown, html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_account_that_was_never_reconciled_says_so_and_a_refusal_says_why()
    {
        var api = Account()
            .Answers(
                DifferencePath,
                """{"title":"None","status":404,"detail":"Not yet.","code":"reconciliation_not_found"}""",
                HttpStatusCode.NotFound)
            .Answers(ReconcilePath, Answers.Unavailable, HttpStatusCode.ServiceUnavailable);
        await using var screen = await Screen.OpenAsync<AccountPage>(api, "/accounts/ACC-001", Parameters);

        await screen.ClickAsync("last-report");
        await screen.HtmlWithAsync("Not reconciled yet.");
        await screen.ClickAsync("reconcile");
        await screen.HtmlWithAsync("The database cannot be reached.");
    }

    [Fact]
    public async Task A_report_that_may_have_been_made_is_asked_for_again_under_the_same_key()
    {
        var api = Account().IsUnreachableAt(ReconcilePath);
        await using var screen = await Screen.OpenAsync<AccountPage>(api, "/accounts/ACC-001", Parameters);

        await screen.ClickAsync("reconcile");
        await screen.HtmlWithAsync("Not known to be reconciled");
        await screen.ClickAsync("reconcile");

        api.ShouldHaveSentTwiceTheSameTo(ReconcilePath);
    }

    [Fact]
    public async Task A_report_that_could_not_be_read_says_so_and_not_that_none_was_made()
    {
        var api = Account().IsUnreachableAt(DifferencePath);
        await using var screen = await Screen.OpenAsync<AccountPage>(api, "/accounts/ACC-001", Parameters);

        await screen.ClickAsync("last-report");

        Assert.DoesNotContain(
            "Not reconciled", await screen.HtmlWithAsync("The last report could not be loaded"),
            StringComparison.Ordinal);
    }

    private static FakeApi Account() => new FakeApi()
        .Answers("/accounts/ACC-001/balance", Answers.Balance)
        .Answers("/api/v1/accounts/ACC-001/ledger", Answers.Entries);

    private static string Report(string findings) => $$$"""
        {"report":{"id":"019a0000-0000-7000-8000-000000000009","accountId":"ACC-001","currency":"USD",
          "status":"balanced","from":null,"to":"2026-03-01T10:00:00Z","asOf":"2026-03-01T10:00:00Z",
          "requestedBy":"ann","milliseconds":12,"paymentsChecked":7,"entriesChecked":9,
          "findingsCount":{{{(findings.Length == 0 ? 0 : 1)}}},"openingBalance":0.00,
          "closingBalance":{"bySum":90.00,"byRunningBalance":140.00,"byAccount":140.00}},
         "differences":{"openingRunningBalance":0.00,"closingRunningBalance":50.00,"closingAccount":50.00},
         "findings":{"object":"list","data":[{{{findings}}}],"has_more":false,"url":"{{{DifferencePath}}}"}}
        """;
}
