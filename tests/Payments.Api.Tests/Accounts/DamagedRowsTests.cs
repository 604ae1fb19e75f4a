using System.Globalization;
using Payments.Api.Tests.AccountReconciliations;

namespace Payments.Api.Tests.Accounts;

/// <summary>
/// Numbers at the end of their range, as only a superuser without triggers can write them: what is read is shown as it
/// is, and what is checked is found to be wrong.
/// </summary>
public sealed class DamagedRowsTests(SettledBooks settled) : IClassFixture<SettledBooks>, IAsyncLifetime
{
    private const string OfA = " WHERE account_id = (SELECT id FROM accounts WHERE name = 'ACC-A') AND position = ";

    private Reconciling _books = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _books = await Reconciling.StartAsync(settled);

    public ValueTask DisposeAsync() => _books.DisposeAsync();

    [Theory]
    [InlineData("UPDATE ledger_entries SET amount = -9223372036854775808, balance_after = -9223372036854775808")]
    [InlineData("UPDATE ledger_entries SET amount = 9223372036854775807, balance_after = 9223372036854775807")]
    [InlineData("UPDATE payments SET amount = -9223372036854775808 WHERE payer_account IS NULL")]
    [InlineData("UPDATE accounts SET balance = -9223372036854775808, minimum_balance = 9223372036854775807")]
    [InlineData("UPDATE accounts SET position = 9223372036854775807")]
    [InlineData("UPDATE ledger_entries SET position = 9223372036854775807" + OfA + "4")]
    [InlineData("UPDATE accounts SET currency = 'QQQ'; UPDATE ledger_entries SET currency = 'QQQ'")]
    [InlineData("DELETE FROM accounts WHERE name LIKE 'clearing/%'")]
    [InlineData("""
        INSERT INTO refunds (id, payment_id, amount, created_at, settled_at, owner_id, fingerprint, currency, account,
            idempotency_key, route, status)
        SELECT gen_random_uuid(), id, 9223372036854775807, now(), now(), owner_id, fingerprint, currency, 'ACC-A',
            'refund ' || id || number, 'route', 'succeeded'
        FROM payments
        CROSS JOIN generate_series(1, 2) AS number
        WHERE payer_account IS NULL;
        UPDATE payments SET refunded_amount = 1 WHERE payer_account IS NULL
        """)]
    public async Task No_number_keeps_an_account_or_a_payment_from_being_read(string damage)
    {
        await _books.CorruptAsync(damage);
        var (payment, transfer) = (_books.Settled.Second.Id, _books.Settled.In.Id);
        var from = "from=2020-01-01T00:00:00Z";
        string[] paths =
        [
            "/accounts", "/accounts/ACC-A/balance", $"/accounts/ACC-A/balance?at={Now()}",
            "/accounts/ACC-A/ledger", $"/accounts/ACC-A/ledger?{from}&to={Now()}", "/accounts/ACC-A/ledger?format=csv",
            $"/accounts/ACC-A/statement?{from}", $"/accounts/ACC-A/statement?format=csv&to={Now()}", "/payments",
            "/payments?accountId=ACC-A&status=completed", "/payments?status=refunded", $"/payments/{payment}",
            $"/payments/{payment}/refunds", $"/api/v1/transactions/{transfer}", "/api/v1/accounts/ACC-A/audit-trail",
            "/api/admin/reconciliation/providers",
        ];

        foreach (var path in paths)
        {
            using var answer = await _books.Client.GetAsync(path, Cancel);

            Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode}");
            await answer.Content.ReadAsStringAsync(Cancel);
        }
    }

    [Theory]
    [InlineData("UPDATE payments SET amount = -9223372036854775808 WHERE payer_account IS NULL", "clearing",
        "amount_mismatch")]
    [InlineData("UPDATE ledger_entries SET amount = -9223372036854775808" + OfA + "2", "ACC-A", "amount_mismatch")]
    [InlineData("UPDATE ledger_entries SET balance_after = -9223372036854775808" + OfA + "2", "ACC-A",
        "running_balance_mismatch")]
    [InlineData("UPDATE accounts SET balance = -9223372036854775808", "clearing", "account_row_mismatch")]
    [InlineData("UPDATE accounts SET position = 9223372036854775807", "clearing", "position_gap")]
    public async Task What_is_damaged_is_found_by_reconciling_the_account(string damage, string account, string kind)
    {
        await _books.CorruptAsync(damage);

        Assert.Contains(
            Reconciling.FindingsOf(await _books.ReconcileAsync(account)), found => found.Kind == kind);
    }

    [Theory]
    [InlineData("UPDATE ledger_entries SET amount = 9223372036854775807", "debits_equal_credits")]
    [InlineData("UPDATE ledger_entries SET amount = -9223372036854775808", "debits_equal_credits")]
    // Added up in 64 bits they come round to what is written.
    [InlineData("UPDATE ledger_entries SET balance_after = 9223372036854775807" + OfA + "1;"
        + "UPDATE ledger_entries SET balance_after = -9223372036854770809" + OfA + "2", "balances_follow")]
    [InlineData("DELETE FROM ledger_entries" + OfA + "1", "balances_follow")]
    [InlineData("DELETE FROM accounts WHERE name LIKE 'clearing/%'", "accounts_match")]
    public async Task What_is_damaged_is_told_by_the_verification_of_the_transaction(string damage, string check)
    {
        await _books.CorruptAsync(damage);

        using var response = await _books.Client.PostAsync(
            $"/api/v1/transactions/{_books.Settled.Second.Id}/verify-double-entry", null, Cancel);

        var failed = (await response.ReadAsync()).GetProperty("checks").EnumerateArray()
            .Where(one => !one.GetProperty("passed").GetBoolean())
            .Select(one => one.GetProperty("name").GetString());
        Assert.Contains(check, failed);
    }

    // The search looks at positions, and the one that it looks at may be missing.
    [Theory]
    [InlineData("DELETE FROM ledger_entries" + OfA + "2", "140.00")]
    [InlineData("DELETE FROM ledger_entries" + OfA + "4", "170.00")]
    [InlineData("UPDATE accounts SET position = 9223372036854775807", "140.00")]
    public async Task A_past_balance_is_that_of_the_last_entry_there_is(string damage, string balance)
    {
        await _books.CorruptAsync(damage);

        var answer = await _books.Client.GetJsonAsync($"/accounts/ACC-A/balance?at={Now()}");

        Assert.Equal(balance, answer.GetProperty("balance").GetRawText());
    }

    // The entries are older than this process.
    private static string Now() => Uri.EscapeDataString(TimeProvider.System.GetUtcNow().ToString(
        "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
}
