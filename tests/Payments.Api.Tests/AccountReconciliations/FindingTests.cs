namespace Payments.Api.Tests.AccountReconciliations;

/// <summary>Whatever is changed behind the application's back is found, and the row is named.</summary>
public sealed class FindingTests(SettledBooks settled) : IClassFixture<SettledBooks>, IAsyncLifetime
{
    private Reconciling _books = null!;

    private SettledPayments Paid => _books.Settled;

    public async ValueTask InitializeAsync() => _books = await Reconciling.StartAsync(settled);

    public ValueTask DisposeAsync() => _books.DisposeAsync();

    [Fact]
    public async Task A_clean_account_has_no_findings_and_three_equal_closing_balances()
    {
        var answer = await _books.ReconcileAsync();

        var report = answer.GetProperty("report");
        Assert.Equal(
            ("balanced", 4, 4, 0),
            (report.GetProperty("status").GetString(), report.GetProperty("paymentsChecked").GetInt64(),
                report.GetProperty("entriesChecked").GetInt64(), report.GetProperty("findingsCount").GetInt64()));
        Assert.Equal("0.00", report.GetProperty("openingBalance").GetRawText());
        Assert.Equal(
            """{"bySum":140.00,"byRunningBalance":140.00,"byAccount":140.00}""",
            report.GetProperty("closingBalance").GetRawText());
        Assert.Equal(
            """{"openingRunningBalance":0.00,"closingRunningBalance":0.00,"closingAccount":0.00}""",
            answer.GetProperty("differences").GetRawText());
        Assert.Empty(Reconciling.FindingsOf(answer));
    }

    [Fact]
    public async Task A_missing_entry_names_its_payment_and_its_position()
    {
        await _books.CorruptAsync("DELETE FROM ledger_entries WHERE transaction_id = @Id AND account_id = " + AccountA,
            Paid.Second);

        var answer = await _books.ReconcileAsync();

        Assert.Equal(
            [
                new("missing_entry", Paid.Second.Id, 2, "50.00", "null"),
                new("position_gap", Paid.In.Id, 3, "null", "null"),
                new("closing_balance_mismatch", null, null, "90.00", "140.00"),
                new("account_row_mismatch", null, null, "90.00", "140.00"),
            ],
            Sorted(answer));
        Assert.Equal("50.00", answer.GetProperty("differences").GetProperty("closingAccount").GetRawText());
    }

    [Fact]
    public async Task Two_missing_entries_that_cancel_out_are_found_although_every_balance_agrees()
    {
        // 20.00 came in and went out again; with both gone all sums are what they were.
        var back = new QueuedPayment("ACC-B", 2_000, Payer: "ACC-A");
        await SettlingWorker.SettleAsync(_books.Database, back);
        await _books.CorruptAsync($"""
            DELETE FROM ledger_entries
            WHERE transaction_id IN ('{Paid.In.Id}', '{back.Id}') AND account_id = {AccountA};
            UPDATE ledger_entries SET balance_after = balance_after - 2000
            WHERE position = 4 AND account_id = {AccountA};
            UPDATE accounts SET position = 4 WHERE name = 'ACC-A'
            """);

        var answer = await _books.ReconcileAsync();

        Assert.Equal(
            """{"openingRunningBalance":0.00,"closingRunningBalance":0.00,"closingAccount":0.00}""",
            answer.GetProperty("differences").GetRawText());
        Assert.Equal(
            [
                new("missing_entry", Paid.In.Id, 3, "20.00", "null"),
                new("missing_entry", back.Id, 5, "-20.00", "null"),
            ],
            Sorted(answer).Where(found => found.Kind == "missing_entry"));
    }

    [Fact]
    public async Task A_payment_of_which_nothing_was_posted_is_missing()
    {
        await _books.CorruptAsync($"""
            DELETE FROM ledger_entries WHERE transaction_id = '{Paid.Out.Id}';
            DELETE FROM ledger_transactions WHERE id = '{Paid.Out.Id}';
            UPDATE accounts SET balance = balance + 3000, position = position - 1 WHERE name = 'ACC-A';
            """);

        var answer = await _books.ReconcileAsync();

        Assert.Equal([new("missing_entry", Paid.Out.Id, null, "-30.00", "null")], Sorted(answer));
    }

    [Fact]
    public async Task A_second_entry_of_the_same_payment_is_duplicated()
    {
        await _books.CorruptAsync($"""
            INSERT INTO ledger_entries
                (account_id, position, amount, balance_after, created_at, transaction_id, currency)
            SELECT account_id, 5, amount, 24000, now(), transaction_id, currency
            FROM ledger_entries WHERE transaction_id = '{Paid.First.Id}' AND account_id = {AccountA};
            UPDATE accounts SET balance = 24000, position = 5 WHERE name = 'ACC-A'
            """);

        var answer = await _books.ReconcileAsync();

        Assert.Equal([new("duplicated_entry", Paid.First.Id, 5, "null", "100.00")], Sorted(answer));
    }

    [Fact]
    public async Task An_amount_that_differs_from_its_payment_is_named_with_both()
    {
        await _books.CorruptAsync($"""
            UPDATE ledger_entries SET amount = -3001, balance_after = balance_after - 1
            WHERE transaction_id = '{Paid.Out.Id}' AND account_id = {AccountA};
            UPDATE accounts SET balance = balance - 1 WHERE name = 'ACC-A'
            """);

        var answer = await _books.ReconcileAsync();

        Assert.Equal([new("amount_mismatch", Paid.Out.Id, 4, "-30.00", "-30.01")], Sorted(answer));
    }

    [Fact]
    public async Task The_amount_of_an_entry_without_a_payment_is_told_by_the_other_side_of_its_transaction()
    {
        var refund = Guid.CreateVersion7();
        await _books.Database.ExecuteAsync($"""
            WITH posting AS (
                INSERT INTO ledger_transactions (id, kind, entry_count, account_ids, positions, created_at)
                VALUES ('{refund}', 'refund', 2, ARRAY[{AccountA}, {AccountB}], ARRAY[5, 3], now())
            ), moved AS (
                UPDATE accounts AS a
                SET balance = m.balance, position = a.position + 1
                FROM (VALUES ('ACC-A', 13500), ('ACC-B', 1500)) AS m (name, balance) WHERE a.name = m.name
            )
            INSERT INTO ledger_entries
                (account_id, position, amount, balance_after, created_at, transaction_id, currency)
            VALUES ({AccountA}, 5, -500, 13500, now(), '{refund}', 'USD'),
                ({AccountB}, 3, 500, 1500, now(), '{refund}', 'USD')
            """);
        Assert.Empty(Sorted(await _books.ReconcileAsync()));
        Assert.Empty(Sorted(await _books.ReconcileAsync("ACC-B")));

        await _books.CorruptAsync($"""
            UPDATE ledger_entries SET amount = -400, balance_after = 13600
            WHERE transaction_id = '{refund}' AND account_id = {AccountA};
            UPDATE accounts SET balance = 13600 WHERE name = 'ACC-A'
            """);

        Assert.Equal(
            [new("amount_mismatch", null, 5, "-5.00", "-4.00")], Sorted(await _books.ReconcileAsync()));
    }

    [Theory]
    [InlineData(
        "UPDATE ledger_transactions SET id = gen_random_uuid() WHERE id = @Id", "transaction does not exist", false)]
    [InlineData("UPDATE payments SET id = gen_random_uuid() WHERE id = @Id", "no payment", false)]
    [InlineData(
        "UPDATE payments SET status = 'pending', settled_at = NULL WHERE id = @Id", "payment is pending", true)]
    [InlineData("UPDATE payments SET payee_account = 'ACC-C' WHERE id = @Id", "between other accounts", true)]
    [InlineData("UPDATE ledger_transactions SET positions = '{9,9}' WHERE id = @Id", "does not list it", true)]
    public async Task An_entry_that_belongs_to_nothing_is_an_orphan(string corruption, string because, bool isNamed)
    {
        await _books.CorruptAsync(corruption, Paid.Second);

        var answer = await _books.ReconcileAsync();

        var orphan = answer.GetProperty("findings").GetProperty("data").EnumerateArray()
            .Single(finding => finding.GetProperty("kind").GetString() == "orphan_entry");
        Assert.Contains(because, orphan.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            (2, "50.00"), (orphan.GetProperty("position").GetInt64(), orphan.GetProperty("actual").GetRawText()));
        Assert.Equal(Paid.Second.Id, orphan.GetProperty("transactionId").GetGuid());
        Assert.Equal(isNamed, orphan.GetProperty("paymentId").ValueKind == JsonValueKind.String);
    }

    [Fact]
    public async Task An_entry_that_was_moved_is_an_orphan_where_it_is_and_leaves_a_gap()
    {
        await _books.CorruptAsync($"""
            UPDATE ledger_entries SET position = 7 WHERE position = 4 AND account_id = {AccountA};
            UPDATE accounts SET position = 7 WHERE name = 'ACC-A'
            """);

        var answer = await _books.ReconcileAsync();

        Assert.Equal(
            [
                new("orphan_entry", Paid.Out.Id, 7, "null", "-30.00"),
                new("position_gap", Paid.Out.Id, 7, "null", "null"),
            ],
            Sorted(answer));
    }

    [Fact]
    public async Task A_running_balance_that_does_not_follow_from_the_one_before_is_named()
    {
        await _books.CorruptAsync(
            $"UPDATE ledger_entries SET balance_after = 15001 WHERE position = 2 AND account_id = {AccountA}");

        var answer = await _books.ReconcileAsync();

        Assert.Equal(
            [
                new("running_balance_mismatch", Paid.Second.Id, 2, "150.00", "150.01"),
                new("running_balance_mismatch", Paid.In.Id, 3, "170.01", "170.00"),
            ],
            Sorted(answer));
    }

    [Fact]
    public async Task An_account_row_that_disagrees_with_its_entries_is_named()
    {
        await _books.CorruptAsync("UPDATE accounts SET balance = balance + 1 WHERE name = 'ACC-A'");

        Assert.Equal(
            [new("account_row_mismatch", null, null, "140.00", "140.01")], Sorted(await _books.ReconcileAsync()));
    }

    [Fact]
    public async Task Entries_that_are_missing_at_the_end_are_a_gap_before_the_account_rows_position()
    {
        await _books.CorruptAsync("UPDATE accounts SET position = 6 WHERE name = 'ACC-A'");

        var finding = Assert.Single(
            (await _books.ReconcileAsync()).GetProperty("findings").GetProperty("data").EnumerateArray());

        Assert.Equal(
            ("position_gap", 4, 6),
            (finding.GetProperty("kind").GetString(), finding.GetProperty("position").GetInt64(),
                finding.GetProperty("expectedPosition").GetInt64()));
    }

    [Fact]
    public async Task An_entry_that_is_older_than_the_one_before_it_is_named()
    {
        await _books.CorruptAsync(
            $"UPDATE ledger_entries SET created_at = '2020-01-01Z' WHERE position = 3 AND account_id = {AccountA}");

        Assert.Equal([new("time_disorder", Paid.In.Id, 3, "null", "null")], Sorted(await _books.ReconcileAsync()));
    }

    [Fact]
    public async Task Entries_before_the_period_that_do_not_add_up_to_its_opening_are_named()
    {
        var from = await _books.Database.ScalarAsync<DateTime>(
            $"SELECT created_at FROM ledger_entries WHERE position = 3 AND account_id = {AccountA}");
        await _books.CorruptAsync(
            $"UPDATE ledger_entries SET amount = 9000 WHERE position = 1 AND account_id = {AccountA}");

        var answer = await _books.ReconcileAsync(body: $$"""{"from":"{{from:yyyy-MM-ddTHH:mm:ss.ffffffZ}}"}""");

        Assert.Equal(
            [
                new("opening_balance_mismatch", null, null, "140.00", "150.00"),
                new("closing_balance_mismatch", null, null, "130.00", "140.00"),
                new("account_row_mismatch", null, null, "130.00", "140.00"),
            ],
            Sorted(answer).OrderBy(found => found.Kind[0] == 'o' ? 0 : found.Kind[0] == 'c' ? 1 : 2));
        Assert.Equal(2, answer.GetProperty("report").GetProperty("entriesChecked").GetInt64());
    }

    [Fact]
    public async Task Clearing_is_checked_as_a_whole_and_in_parts()
    {
        Assert.Empty(Sorted(await _books.ReconcileAsync("clearing")));
        var part = await _books.Database.ScalarAsync<string>(
            "SELECT name FROM accounts WHERE system AND position > 0 ORDER BY id LIMIT 1");
        var address = Uri.EscapeDataString(part);
        Assert.Empty(Sorted(await _books.ReconcileAsync(address)));
        await _books.CorruptAsync($"""
            DELETE FROM ledger_entries
            WHERE transaction_id = '{Paid.First.Id}'
                AND account_id IN (SELECT id FROM accounts WHERE system)
            """);

        var whole = Sorted(await _books.ReconcileAsync("clearing"));
        var inPart = Sorted(await _books.ReconcileAsync(address));

        // Clearing is shown by its normal balance, debit: what was paid out of it counts up.
        Assert.Contains(new("missing_entry", Paid.First.Id, 1, "100.00", "null"), whole);
        Assert.Contains(whole, found => found is { Kind: "account_row_mismatch" });
        Assert.Contains(inPart, found => found is { Kind: "position_gap" });
        Assert.Contains(inPart, found => found is { Kind: "account_row_mismatch" });
    }

    [Fact]
    public async Task Amounts_beyond_all_measure_are_found_and_not_an_overflow()
    {
        await _books.CorruptAsync(
            $"UPDATE ledger_entries SET amount = 9223372036854775807 WHERE account_id = {AccountA}");

        var answer = await _books.ReconcileAsync();

        Assert.Equal(4, Sorted(answer).Count(found => found.Kind == "amount_mismatch"));
        Assert.Equal(
            "368934881474191032.28",
            answer.GetProperty("report").GetProperty("closingBalance").GetProperty("bySum").GetRawText());
    }

    private const string AccountA = "(SELECT id FROM accounts WHERE name = 'ACC-A')";

    private const string AccountB = "(SELECT id FROM accounts WHERE name = 'ACC-B')";

    private static readonly string[] Order =
    [
        "missing_entry", "duplicated_entry", "amount_mismatch", "orphan_entry", "position_gap",
        "running_balance_mismatch", "time_disorder", "opening_balance_mismatch", "closing_balance_mismatch",
        "account_row_mismatch",
    ];

    private static IReadOnlyList<Found> Sorted(JsonElement answer) =>
    [
        .. Reconciling.FindingsOf(answer)
            .OrderBy(found => Array.IndexOf(Order, found.Kind)).ThenBy(found => found.Position ?? long.MaxValue),
    ];
}
