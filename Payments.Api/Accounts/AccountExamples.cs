using Payments.Api.Describing;

namespace Payments.Api.Accounts;

/// <summary>Accounts as the OpenAPI document shows them.</summary>
internal static class AccountExamples
{
    public const string Open = """{"accountId": "ACC-002", "currency": "USD", "minimumBalance": 0}""";

    public static readonly string EntriesCsv = FormattableString.Invariant($"""
        id,position,createdAt,transactionId,kind,direction,amount,balanceAfter,currency
        42-7,7,2026-03-02T09:30:00.184000Z,{Examples.PaymentId},payment,credit,100.00,640.00,USD

        """);

    public static readonly string StatementCsv = FormattableString.Invariant($"""
        createdAt,transactionId,kind,description,debit,credit,balance,currency
        2026-03-01T00:00:00.000000Z,,opening,,,,540.00,USD
        2026-03-02T09:30:00.184000Z,{Examples.PaymentId},payment,Order 1001,,100.00,640.00,USD
        2026-04-01T00:00:00.000000Z,,closing,,,,640.00,USD

        """);

    private static readonly DateTimeOffset March = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    public static AccountAnswer Account { get; } = new(
        "42", "ACC-001", "USD", 640.00m, MinimumBalance: null, Version: 7, March, Examples.At(0.184));

    public static AccountAnswer Opened { get; } = new(
        "43", "ACC-002", "USD", 0.00m, MinimumBalance: 0.00m, Version: 0, Examples.At(3), LastEntryAt: null);

    public static BalanceAnswer Balance { get; } = new(
        "ACC-001", 640.00m, Pending: 0.00m, Available: 640.00m, "USD", Version: 7, Examples.At(10), Posted: 640.00m,
        PendingIn: 0.00m, PendingOut: 0.00m, MinimumBalance: null);

    public static AccountEntryAnswer Entry { get; } = new(
        "42-7", Examples.PaymentId, "payment", "ACC-001", "credit", 100.00m, 640.00m, 7, "USD", Examples.At(0.184));

    public static StatementAnswer Statement { get; } = new(
        "ACC-001", "USD", March, March.AddMonths(1), 540.00m,
        [
            new StatementLineAnswer(
                "42-7", 7, Examples.At(0.184), Examples.PaymentId, "payment", "Order 1001", "credit", 100.00m, 640.00m),
        ],
        LineCount: 1, TotalDebits: 0.00m, TotalCredits: 100.00m, 640.00m);
}
