using Npgsql;
using Payments.Api.AccountReconciliations;

namespace Payments.Api.Tests.AccountReconciliations;

public sealed class ReconcileAccountTests(SettledBooks settled) : IClassFixture<SettledBooks>, IAsyncLifetime
{
    private const string Account = "/api/v1/accounts/ACC-A/";

    private Reconciling _books = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _books = await Reconciling.StartAsync(settled);

    public ValueTask DisposeAsync() => _books.DisposeAsync();

    [Fact]
    public async Task An_account_that_is_being_settled_into_at_full_speed_is_clean_at_every_moment()
    {
        await SettlingWorker.SettleAsync(_books.Database, new QueuedPayment("ACC-HOT", 1));
        await _books.Database.QueueAsync([.. Enumerable.Range(0, 20_000).Select(i => new QueuedPayment(
            i % 3 == 0 ? $"ACC-{i % 7}" : "ACC-HOT", 100 + i, Payer: i % 3 == 0 ? "ACC-HOT" : null))]);
        var seen = new HashSet<long>();

        await using (SettlingWorker.Start(_books.Database, ("Worker:BatchSize", "100")))
        await using (SettlingWorker.Start(_books.Database, ("Worker:BatchSize", "70")))
        {
            while (await _books.Database.ScalarAsync<bool>(
                "SELECT EXISTS (SELECT FROM recon_jobs WHERE finished_at IS NULL)"))
            {
                var answer = await _books.ReconcileAsync("ACC-HOT");

                Assert.Empty(Reconciling.FindingsOf(answer));
                var report = answer.GetProperty("report");
                Assert.Equal(
                    report.GetProperty("paymentsChecked").GetInt64(), report.GetProperty("entriesChecked").GetInt64());
                seen.Add(report.GetProperty("entriesChecked").GetInt64());
            }
        }

        // It was looked at while it moved, not only before and after.
        Assert.True(seen.Count > 2, $"{seen.Count} different states were seen.");
        var last = (await _books.ReconcileAsync("ACC-HOT")).GetProperty("report");
        Assert.Equal("balanced", last.GetProperty("status").GetString());
        Assert.Equal(
            await _books.Database.ScalarAsync<long>("SELECT position FROM accounts WHERE name = 'ACC-HOT'"),
            last.GetProperty("entriesChecked").GetInt64());
    }

    [Fact]
    public async Task A_period_counts_what_lies_in_it_and_opens_with_what_lies_before()
    {
        var times = await _books.Database.QueryAsync<DateTime>("""
            SELECT e.created_at
            FROM ledger_entries AS e
            JOIN accounts ON id = account_id
            WHERE name = 'ACC-A'
            ORDER BY e.position
            """);

        var middle = await _books.ReconcileAsync(
            body: $$"""{"from":"{{Iso(times[1])}}","to":"{{Iso(times[3])}}"}""");
        var later = await _books.ReconcileAsync(body: """{"from":null,"to":"9998-01-01"}""");

        var report = middle.GetProperty("report");
        Assert.Equal("balanced", report.GetProperty("status").GetString());
        Assert.Equal(
            (2, 2, "100.00"),
            (report.GetProperty("paymentsChecked").GetInt64(), report.GetProperty("entriesChecked").GetInt64(),
                report.GetProperty("openingBalance").GetRawText()));
        Assert.Equal(
            """{"bySum":170.00,"byRunningBalance":170.00,"byAccount":170.00}""",
            report.GetProperty("closingBalance").GetRawText());
        Assert.Equal(4, later.GetProperty("report").GetProperty("entriesChecked").GetInt64());
    }

    [Fact]
    public async Task Every_report_is_kept_and_the_last_one_is_the_difference()
    {
        using var notYet = await _books.Client.GetAsync(Account + "reconciliation-difference", Cancel);
        Assert.Equal((404, "reconciliation_not_found"), ((int)notYet.StatusCode, await notYet.CodeAsync()));
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            ids.Insert(0, (await _books.ReconcileAsync()).GetProperty("report").GetProperty("id").GetString()!);
        }

        await _books.CorruptAsync("UPDATE accounts SET balance = 0 WHERE name = 'ACC-A'");
        using var created = await _books.SendAsync("ACC-A");
        var answer = await created.ReadAsync();
        var last = answer.GetProperty("report");
        ids.Insert(0, last.GetProperty("id").GetString()!);

        var history = await _books.Client.GetJsonAsync(Account + "reconciliation-history?limit=2");
        var older = await _books.Client.GetJsonAsync(
            Account + $"reconciliation-history?limit=2&starting_after={ids[1]}");
        var difference = await _books.Client.GetJsonAsync(Account + "reconciliation-difference");
        var first = await _books.Client.GetJsonAsync(Account + $"reconciliation-difference?report={ids[3]}");
        var located = await _books.Client.GetJsonAsync(created.Headers.Location!.OriginalString);

        Assert.Equal(ids[..2], Reports(history));
        Assert.Equal(ids[2..], Reports(older));
        Assert.Equal(("differs", "accountant"),
            (last.GetProperty("status").GetString(), last.GetProperty("requestedBy").GetString()));
        Assert.Equal(last.GetRawText(), history.GetProperty("data")[0].GetRawText());
        Assert.Equal(difference.GetRawText(), located.GetRawText());
        Assert.Equal(difference.GetRawText(), answer.GetRawText());
        Assert.Equal("-140.00", difference.GetProperty("differences").GetProperty("closingAccount").GetRawText());
        Assert.Equal("balanced", first.GetProperty("report").GetProperty("status").GetString());
    }

    [Fact]
    public async Task Findings_come_in_pages_of_the_report_that_the_first_page_was_of()
    {
        await _books.CorruptAsync("UPDATE ledger_entries SET amount = amount + 1");
        var all = (await _books.ReconcileAsync(query: "?limit=100")).GetProperty("findings").GetProperty("data");
        var first = (await _books.Client.GetJsonAsync(
            Account + "reconciliation-difference?limit=3")).GetProperty("findings");
        await _books.ReconcileAsync();

        var behind = first.GetProperty("data")[2].GetProperty("id").GetString();
        var second = (await _books.Client.GetJsonAsync(
            Account + $"reconciliation-difference?limit=100&starting_after={behind}")).GetProperty("findings");
        var back = (await _books.Client.GetJsonAsync(
            Account + $"reconciliation-difference?limit=2&ending_before={behind}")).GetProperty("findings");

        Assert.True(first.GetProperty("has_more").GetBoolean());
        Assert.Equal(
            all.EnumerateArray().Select(Id),
            first.GetProperty("data").EnumerateArray().Concat(second.GetProperty("data").EnumerateArray()).Select(Id));
        Assert.Equal(
            first.GetProperty("data").EnumerateArray().Take(2).Select(Id),
            back.GetProperty("data").EnumerateArray().Select(Id));
    }

    [Fact]
    public async Task A_large_account_of_which_the_planner_knows_nothing_takes_time_in_proportion()
    {
        await _books.CorruptAsync("""
            INSERT INTO accounts (name, currency, balance, position) VALUES ('ACC-BIG', 'USD', 4000000, 40000);
            CREATE TEMPORARY TABLE big AS
            SELECT i, ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid AS id, a.id AS account_id
            FROM generate_series(1, 40000) AS i, accounts AS a WHERE a.name = 'ACC-BIG';
            INSERT INTO payments (id, amount, created_at, settled_at, owner_id, fingerprint, kind, status, currency,
                payee_account, idempotency_key)
            SELECT id, 100, now(), now(), 1, '\x00', 'payment', 'completed', 'USD', 'ACC-BIG', i::text FROM big;
            INSERT INTO ledger_transactions (id, created_at, entry_count, kind, account_ids, positions)
            SELECT id, now(), 2, 'payment', ARRAY[0, account_id], ARRAY[i, i] FROM big;
            INSERT INTO ledger_entries
                (account_id, position, amount, balance_after, created_at, transaction_id, currency)
            SELECT account_id, i, 100, 100 * i, now(), id, 'USD' FROM big
            """);

        var report = (await _books.ReconcileAsync("ACC-BIG")).GetProperty("report");

        Assert.Equal(
            ("balanced", 40_000, 40_000),
            (report.GetProperty("status").GetString(), report.GetProperty("paymentsChecked").GetInt64(),
                report.GetProperty("entriesChecked").GetInt64()));

        // A row for each other row would be 1.6 billion comparisons.
        Assert.InRange(report.GetProperty("milliseconds").GetInt32(), 0, 20_000);
    }

    [Fact]
    public async Task An_account_is_reconciled_by_one_at_a_time()
    {
        await using var holder = await _books.Database.Superuser.OpenConnectionAsync(Cancel);
        await using var hold = await holder.BeginTransactionAsync(Cancel);
        await using (var lockTable = new NpgsqlCommand("LOCK TABLE account_reconciliations", holder))
        {
            await lockTable.ExecuteNonQueryAsync(Cancel);
        }

        var first = _books.ReconcileAsync();
        await _books.Database.UntilAsync(Conditions.AdvisoryLockIsHeld);
        using var second = await _books.SendAsync("ACC-A");
        await hold.RollbackAsync(Cancel);
        await first;

        Assert.Equal((409, "reconciliation_in_progress"), ((int)second.StatusCode, await second.CodeAsync()));
        await _books.ReconcileAsync();
    }

    [Fact]
    public async Task However_many_accounts_are_to_be_reconciled_at_once_all_are_answered_and_payments_are_created()
    {
        const int Asked = 40;
        await _books.Database.ExecuteAsync(
            "INSERT INTO accounts (name, currency) SELECT 'ACC-MANY-' || i, 'USD' FROM generate_series(1, @Asked) AS i",
            new { Asked });
        await using var holder = await _books.Database.Superuser.OpenConnectionAsync(Cancel);
        await using var hold = await holder.BeginTransactionAsync(Cancel);
        await using (var lockTable = new NpgsqlCommand("LOCK TABLE account_reconciliations", holder))
        {
            await lockTable.ExecuteNonQueryAsync(Cancel);
        }

        var asked = Enumerable.Range(1, Asked).Select(i => _books.SendAsync($"ACC-MANY-{i}")).ToList();
        for (var refused = 0; refused < Asked - ReconcileAccount.MostAtOnce; refused++)
        {
            var answered = await Task.WhenAny(asked);
            asked.Remove(answered);
            using var refusal = await answered;
            Assert.Equal((503, "overloaded"), ((int)refusal.StatusCode, await refusal.CodeAsync()));
            Assert.Equal(TimeSpan.FromSeconds(1), refusal.Headers.RetryAfter?.Delta);
        }

        // Those that were let in wait for the table, each with both of its connections.
        for (var i = 0; i < 20; i++)
        {
            await _books.Client.PayAsync("ACC-A", 1);
        }

        await hold.RollbackAsync(Cancel);
        foreach (var answer in await Task.WhenAll(asked))
        {
            using var made = answer;
            Assert.Equal(201, (int)made.StatusCode);
        }

        // And the places are free again.
        await _books.ReconcileAsync("ACC-MANY-1");
    }

    [Theory]
    [InlineData("ACC-A", """{"from":"2026-03-02","to":"2026-03-01"}""", "", 422, "unprocessable")]
    [InlineData("ACC-A", """{"from":"9997-01-01"}""", "", 422, "unprocessable")]
    [InlineData("ACC-A", """{"from":"yesterday"}""", "", 422, "unprocessable")]
    [InlineData("ACC-A", """{"period":"2026"}""", "", 400, "invalid_request")]
    [InlineData("ACC-A", "{", "", 400, "invalid_json")]
    [InlineData("ACC-A", "", "?colour=red", 400, "invalid_request")]
    [InlineData("ACC-A", "", "?starting_after=x", 400, "invalid_request")]
    [InlineData("ACC-A", "", "?currency=EUR", 404, "account_not_found")]
    [InlineData("nobody", "", "", 404, "account_not_found")]
    public async Task A_request_that_cannot_be_met_leaves_no_report(
        string account, string body, string query, int status, string code)
    {
        using var response = await _books.SendAsync(account, body, query);

        Assert.Equal((status, code), ((int)response.StatusCode, await response.CodeAsync()));
        Assert.Equal(0, await _books.Database.ScalarAsync<long>("SELECT count(*) FROM account_reconciliations"));
    }

    [Theory]
    [InlineData("reconciliation-difference?report=x", 400, "invalid_request")]
    [InlineData(
        "reconciliation-difference?report=01a1fcaa-a6b4-729a-879b-9da3d8101381", 404, "reconciliation_not_found")]
    [InlineData("reconciliation-difference?starting_after=x", 400, "invalid_cursor")]
    [InlineData("reconciliation-history?starting_after=01a1fcaa-a6b4-729a-879b-9da3d8101381", 400, "invalid_cursor")]
    public async Task What_does_not_exist_is_said(string route, int status, string code)
    {
        using var response = await _books.Client.GetAsync(Account + route, Cancel);

        Assert.Equal((status, code), ((int)response.StatusCode, await response.CodeAsync()));
    }

    [Theory]
    [InlineData("UPDATE account_reconciliations SET findings = 0")]
    [InlineData("DELETE FROM account_reconciliation_findings")]
    public async Task The_services_cannot_change_a_report(string sql)
    {
        await using var command = _books.Database.App.CreateCommand(sql);

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Cancel));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
    }

    private static IEnumerable<string?> Reports(JsonElement list) =>
        list.GetProperty("data").EnumerateArray().Select(Id);

    private static string? Id(JsonElement item) => item.GetProperty("id").GetString();

    private static string Iso(DateTime time) =>
        time.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", System.Globalization.CultureInfo.InvariantCulture);
}
