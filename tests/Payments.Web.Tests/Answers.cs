namespace Payments.Web.Tests;

/// <summary>Answers as the API writes them.</summary>
internal static class Answers
{
    public const string PaymentId = "019a0000-0000-7000-8000-000000000001";

    public const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";

    public const string EmptyList = """{"object":"list","data":[],"has_more":false,"url":"/payments"}""";

    public const string Unavailable = """
        {"type":"about:blank","title":"Service Unavailable","status":503,
         "detail":"The database cannot be reached.","code":"database_unavailable",
         "traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}
        """;

    public const string NotFound = """
        {"type":"about:blank","title":"Not Found","status":404,"detail":"There is none.","code":"not_found"}
        """;

    public const string Balance = """
        {"accountId":"ACC-001","balance":1234567.10,"pending":5.00,"available":1234562.10,"currency":"USD",
         "version":7,"asOf":"2026-03-01T10:00:00.5Z","posted":1234567.10,"pendingIn":0.00,"pendingOut":5.00,
         "minimumBalance":null}
        """;

    public const string LimitedBalance = """
        {"accountId":"ACC-001","balance":100.00,"pending":15.00,"available":92.00,"currency":"USD","version":7,
         "asOf":"2026-03-01T10:00:00.5Z","posted":100.00,"pendingIn":7.25,"pendingOut":8.00,"minimumBalance":-50.00}
        """;

    public const string Account = """
        {"id":"12","accountId":"ACC-001","currency":"USD","balance":1234567.10,"minimumBalance":null,"version":7,
         "openedAt":"2026-03-01T09:00:00Z","lastEntryAt":"2026-03-01T10:00:00Z"}
        """;

    public const string Accepted = """
        {"status":"ACCEPTED","idempotencyKey":"k","messageId":"019a0000-0000-7000-8000-000000000001",
         "pollUrl":"/api/v1/transactions/status/k","expiresAt":"9999-12-31T23:59:59Z"}
        """;

    public const string TransferDetails = """
        {"id":"019a0000-0000-7000-8000-000000000001","accountId":"ACC-002","payerAccountId":"ACC-001","amount":1.00,
         "currency":"USD","status":"cancelled","refundedAmount":0.00,"createdAt":"2026-03-01T10:00:00Z",
         "job":{"status":"cancelled","attempts":0},"reconciliation":null,"ledgerEntries":[],"refunds":[]}
        """;

    public const string NotCancellable = """
        {"type":"/problems/payment-not-cancellable","title":"No","status":409,"code":"payment_not_cancellable",
         "detail":"A worker has claimed the payment: it is being settled."}
        """;

    public const string Entries = """
        {"object":"list","data":[{"id":"12-7","transactionId":"019a0000-0000-7000-8000-000000000001","kind":"payment",
          "accountId":"ACC-001","direction":"credit","amount":250.13,"balanceAfter":1234567.10,"position":7,
          "currency":"USD","createdAt":"2026-03-01T10:00:00Z"}],
         "has_more":true,"url":"/api/v1/accounts/ACC-001/ledger"}
        """;

    public static string Payment(string status = "pending", string amount = "250.13", string currency = "USD") => $$"""
        {"id":"{{PaymentId}}","accountId":"ACC-001","amount":{{amount}},"currency":"{{currency}}",
         "description":"Two <b>seats</b>","status":"{{status}}","discrepancy":null,"refundedAmount":0.00,
         "failureReason":null,"createdAt":"2026-03-01T10:00:00Z","settledAt":null,"traceId":"{{TraceId}}"}
        """;

    public static string ListOf(string payment, bool hasMore = false) =>
        $$"""{"object":"list","data":[{{payment}}],"has_more":{{(hasMore ? "true" : "false")}},"url":"/payments"}""";

    /// <summary>A payment that settled 1.6 seconds after its creation, with a discrepancy of 0.13.</summary>
    public const string SettledDetails = """
        {"id":"019a0000-0000-7000-8000-000000000001","accountId":"ACC-001","amount":250.13,"currency":"USD",
         "description":null,"status":"completed_with_discrepancy","discrepancy":0.13,"refundedAmount":0.00,
         "failureReason":null,"createdAt":"2026-03-01T10:00:00Z","settledAt":"2026-03-01T10:00:01.6Z",
         "traceId":"4bf92f3577b34da6a3ce929d0e0e4736",
         "job":{"status":"completed","attempts":2,"lockedBy":"worker-a","lockedAt":"2026-03-01T10:00:01.5Z",
           "lastError":null},
         "reconciliation":{"matched":false,"status":"completed_with_discrepancy","expectedAmount":250.13,
           "actualAmount":250.00,"discrepancy":0.13,"rule":"minor_part_13","createdAt":"2026-03-01T10:00:01.6Z"},
         "ledgerEntries":[
           {"id":"1-9","transactionId":"019a0000-0000-7000-8000-000000000001","accountId":"clearing",
            "direction":"debit","amount":250.13,"balanceAfter":-250.13,
            "position":9,"createdAt":"2026-03-01T10:00:01.6Z"},
           {"id":"12-7","transactionId":"019a0000-0000-7000-8000-000000000001","accountId":"ACC-001",
            "direction":"credit","amount":250.13,"balanceAfter":750.13,
            "position":7,"createdAt":"2026-03-01T10:00:01.6Z"}],
         "refunds":[]}
        """;

    /// <summary>The same payment with refunds: one that succeeded, one that is pending, one that failed.</summary>
    public static string RefundedDetails { get; } = SettledDetails
        .Replace("\"status\":\"completed_with_discrepancy\",\"discrepancy\":0.13,\"refundedAmount\":0.00",
            "\"status\":\"partially_refunded\",\"discrepancy\":0.13,\"refundedAmount\":40.00", StringComparison.Ordinal)
        .Replace("\"refunds\":[]", $"\"refunds\":[{Refund("failed", "5.00", "insufficient_funds")},"
            + $"{Refund("pending", "10.00")},{Refund("succeeded", "40.00")}]", StringComparison.Ordinal);

    public static string Refund(string status = "pending", string amount = "40.00", string? failure = null) => $$"""
        {"id":"{{Guid.CreateVersion7()}}","paymentId":"{{PaymentId}}","amount":{{amount}},"currency":"USD",
         "status":"{{status}}","reason":"requested_by_customer",
         "failureReason":{{(failure is null ? "null" : $"\"{failure}\"")}},
         "createdAt":"2026-03-01T11:00:00Z","settledAt":null,"traceId":"{{TraceId}}"}
        """;

    public const string PendingDetails = """
        {"id":"019a0000-0000-7000-8000-000000000001","accountId":"ACC-001","amount":1.00,"currency":"USD",
         "status":"pending","refundedAmount":0.00,"createdAt":"2026-03-01T10:00:00Z",
         "job":{"status":"pending","attempts":0},"reconciliation":null,"ledgerEntries":[],"refunds":[]}
        """;
}
