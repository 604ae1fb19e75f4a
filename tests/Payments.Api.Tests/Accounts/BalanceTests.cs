using System.Globalization;
using Dapper;
using Payments.Api.Accounts;
using Payments.Api.Tests.Refunds;
using Payments.Ledger.Jobs;

namespace Payments.Api.Tests.Accounts;

public sealed class BalanceTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_queued_in_and_out_is_told_apart_wherever_it_is_queued()
    {
        using var opened = await fixture.Client.PostJsonAsync(
            "/accounts", """{"accountId":"ACC-LIMITED","minimumBalance":0}""");
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-MIDDLE", 100));
        await fixture.Client.PayAsync("ACC-MIDDLE", 1);
        await fixture.Client.TransferAsync("ACC-LIMITED", "ACC-MIDDLE", 2);
        await fixture.Client.TransferAsync("ACC-FREE", "ACC-MIDDLE", 4);
        await fixture.Client.TransferAsync("ACC-MIDDLE", "ACC-LIMITED", 8);

        var middle = await fixture.Client.GetJsonAsync("/api/v1/accounts/ACC-MIDDLE/balance");
        var limited = await fixture.Client.GetJsonAsync("/accounts/ACC-LIMITED/balance");

        Assert.Equal("100.00 7.00 8.00 15.00 92.00", Shown(middle));
        Assert.Equal("0.00 8.00 2.00 10.00 -2.00", Shown(limited));
    }

    [Fact]
    public async Task Neither_what_is_queued_to_leave_nor_what_is_reserved_for_refunds_is_available()
    {
        var payment = await fixture.PaidAsync("ACC-BOTH", 100);
        await fixture.Client.TransferAsync("ACC-BOTH", "ACC-ELSEWHERE", 8);
        using var refund = await fixture.Client.RefundAsync(payment, RefundRequests.Part);

        Assert.Equal(
            "100.00 0.00 8.00 8.00 52.00", Shown(await fixture.Client.GetJsonAsync("/accounts/ACC-BOTH/balance")));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(17)]
    [InlineData(1_999)]
    [InlineData(2_000)]
    [InlineData(5_000)]
    public async Task A_past_balance_is_that_of_the_last_entry_at_the_moment_or_before(int second)
    {
        await LongHistory.AddAsync(fixture.Database, "ACC-PAST", 2_000);

        var entries = Math.Min(second, 2_000);
        var exactly = await AtAsync("ACC-PAST", LongHistory.Begin.AddSeconds(second));
        var soonAfter = await AtAsync("ACC-PAST", LongHistory.Begin.AddSeconds(second).AddMilliseconds(999));
        var justBefore = await AtAsync("ACC-PAST", LongHistory.Begin.AddSeconds(second).AddMicroseconds(-1));

        Assert.Equal((entries, Sum(entries)), exactly);
        Assert.Equal((entries, Sum(entries)), soonAfter);
        var before = Math.Min(Math.Max(second - 1, 0), 2_000);
        Assert.Equal((before, Sum(before)), justBefore);
    }

    [Fact]
    public async Task A_past_balance_is_found_in_a_few_looks_and_names_its_moment()
    {
        await LongHistory.AddAsync(fixture.Database, "ACC-SEARCHED", 20_000);

        var balance = await fixture.Client.GetJsonAsync(
            "/accounts/ACC-SEARCHED/balance?at=2026-03-01T01:00:00%2B01:00");

        Assert.Equal("2026-03-01T00:00:00Z", balance.GetProperty("asOf").GetString());
        Assert.Equal(JsonValueKind.Null, balance.GetProperty("pending").ValueKind);
        await using var session = await fixture.Database.App.OpenConnectionAsync(Ended);
        var pages = await session.PagesReadAsync(FindPast.SearchSql, new
        {
            ids = new[] { await IdOfAsync("ACC-SEARCHED") },
            time = LongHistory.Begin.AddSeconds(10_000),
        });

        // Three for each of fifteen looks; the entries before the moment are on more than two hundred.
        Assert.InRange(pages, 1, 80);
    }

    [Fact]
    public async Task The_clearing_account_has_a_past_too()
    {
        foreach (var account in new[] { "ACC-A", "ACC-B", "ACC-C" })
        {
            await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync(account, 10, "SEK"));
        }

        var now = await fixture.Client.GetJsonAsync("/accounts/clearing/balance?currency=SEK");
        var past = await fixture.Client.GetJsonAsync(
            "/accounts/clearing/balance?currency=SEK&at=" + now.GetProperty("asOf").GetString());
        var before = await fixture.Client.GetJsonAsync("/accounts/clearing/balance?currency=SEK&at=2020-01-01");

        Assert.Equal("30.00", past.GetProperty("balance").GetRawText());
        Assert.Equal(3, past.GetProperty("version").GetInt64());
        Assert.Equal("0.00", before.GetProperty("balance").GetRawText());
    }

    // Each part is a 64-bit number; what they, or many payments that wait, add up to is not.
    [Fact]
    public async Task Sums_over_parts_and_over_what_is_queued_have_no_bounds()
    {
        await fixture.Database.ExecuteAsync(
            """
            SET session_replication_role = replica;
            INSERT INTO accounts (name, currency, normal_balance, system, balance, position, last_entry_at)
            SELECT 'clearing/0' || i, 'NOK', 'debit', true, -9e18, 1, '2026-03-01' FROM generate_series(1, 2) AS i;
            INSERT INTO ledger_entries
                (account_id, position, amount, balance_after, created_at, transaction_id, currency)
            SELECT id, 1, -9e18, -9e18, '2026-03-01', gen_random_uuid(), 'NOK'
            FROM accounts WHERE currency = 'NOK';
            INSERT INTO accounts (name, currency) VALUES ('ACC-VAST', 'NOK');
            INSERT INTO recon_jobs (id, payment_id, amount, division, kind, currency, payee_account, payer_account)
            SELECT gen_random_uuid(), gen_random_uuid(), 1e15, 0, 'transfer', 'NOK', side.payee, side.payer
            FROM generate_series(1, 10000) AS i,
                (VALUES ('ACC-VAST', 'ACC-RICH'), ('ACC-RICH', 'ACC-VAST')) AS side (payee, payer)
            """);

        var clearing = await fixture.Client.GetJsonAsync("/accounts/clearing/balance?currency=NOK");
        var past = await fixture.Client.GetJsonAsync("/accounts/clearing/balance?currency=NOK&at=2026-03-02");
        var vast = await fixture.Client.GetJsonAsync("/accounts/ACC-VAST/balance");

        Assert.Equal("180000000000000000.00", clearing.GetProperty("balance").GetRawText());
        Assert.Equal("180000000000000000.00", past.GetProperty("balance").GetRawText());
        Assert.Equal(
            "0.00 100000000000000000.00 100000000000000000.00 200000000000000000.00 -100000000000000000.00",
            Shown(vast));
        await fixture.Database.ExecuteAsync("DELETE FROM recon_jobs WHERE currency = 'NOK'");
    }

    [Theory]
    [InlineData("yesterday", "invalid_time")]
    [InlineData("2026-13-01", "invalid_time")]
    [InlineData("2999-01-01", "in_the_future")]
    public async Task A_moment_that_is_none_or_has_not_come_is_refused(string at, string code)
    {
        await LongHistory.AddAsync(fixture.Database, "ACC-MOMENT", 1);
        using var response = await fixture.Client.GetAsync(
            "/accounts/ACC-MOMENT/balance?at=" + at, Ended);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal(
            code, (await response.ReadAsync()).GetProperty("errors")[0].GetProperty("code").GetString());
    }

    // Each of the two indexes of open transfers is what the read uses, however many other jobs wait.
    [Fact]
    public async Task What_is_queued_is_read_from_the_indexes_of_open_transfers()
    {
        await fixture.Database.ExecuteAsync(
            """
            INSERT INTO recon_jobs (id, payment_id, amount, division, kind, currency, payee_account, payer_account)
            SELECT gen_random_uuid(), gen_random_uuid(), 1, 0, 'transfer', 'USD', 'ACC-IN-' || i, 'ACC-OUT-' || i
            FROM generate_series(1, 2000) AS i
            """);
        await fixture.Database.ExecuteAsync("ANALYZE recon_jobs");

        await using var session = await fixture.Api.Services.GetRequiredService<ReadSessions>().OpenAsync(Ended);
        var plan = await session.PlanAsync(GetBalance.ReadSql, ParametersOf("ACC-OUT-7", id: 1));

        Assert.Matches(@"recon_jobs_open_out .*\n +Index Cond: \(payer_account = 'ACC-OUT-7'", plan);
        Assert.Matches(@"recon_jobs_open_in .*\n +Index Cond: \(payee_account = 'ACC-OUT-7'", plan);
    }

    // A plan is made once in a session, and may be made before the first payment.
    [Fact]
    public async Task What_is_queued_is_read_from_the_same_indexes_when_the_tables_are_empty()
    {
        await using var empty = new TestDatabase();
        await empty.InitializeAsync();
        await using var sessions = ReadSessions.Create(empty.AppConnectionString);
        await using var session = await sessions.OpenAsync(Ended);

        var plan = await session.PlanAsync(GetBalance.ReadSql, ParametersOf("ACC-OUT-7", id: 1));

        Assert.Matches(@"recon_jobs_open_out .*\n +Index Cond: \(payer_account = 'ACC-OUT-7'", plan);
        Assert.Matches(@"recon_jobs_open_in .*\n +Index Cond: \(payee_account = 'ACC-OUT-7'", plan);
    }

    [Fact]
    public async Task Transfers_of_others_that_are_finished_do_not_make_a_balance_slower_while_old_rows_are_kept()
    {
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-STILL", 2));

        var pages = await PagesReadBesideOldRowsAsync(
            "ACC-STILL",
            """
            INSERT INTO recon_jobs (id, payment_id, amount, division, kind, currency, payee_account, payer_account)
            SELECT gen_random_uuid(), gen_random_uuid(), 1, 0, 'transfer', 'USD', 'ACC-THERE-' || i, 'ACC-HERE-' || i
            FROM generate_series(1, 4000) AS i
            """,
            "payer_account LIKE 'ACC-HERE-%'");

        Assert.InRange(pages, 1, 100);
    }

    [Fact]
    public async Task What_others_of_its_division_were_paid_does_not_make_a_balance_slower_while_old_rows_are_kept()
    {
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-QUIET", 2));
        await fixture.Client.PayAsync("ACC-QUIET", 1);

        var pages = await PagesReadBesideOldRowsAsync(
            "ACC-QUIET",
            """
            INSERT INTO recon_jobs (id, payment_id, amount, division, currency, payee_account)
            SELECT gen_random_uuid(), gen_random_uuid(), 1, i % 64, 'USD', 'ACC-OTHER-' || i
            FROM generate_series(1, 32000) AS i
            """,
            "payee_account LIKE 'ACC-OTHER-%'");

        Assert.InRange(pages, 1, 100);
        var balance = await fixture.Client.GetJsonAsync("/accounts/ACC-QUIET/balance");
        Assert.Equal("1.00", balance.GetProperty("pendingIn").GetRawText());
    }

    // What the account's balance reads when jobs of others were queued and finished and nothing of it could be removed.
    private async Task<int> PagesReadBesideOldRowsAsync(string account, string queueSql, string queued)
    {
        await using var backup = await fixture.Database.Superuser.OpenConnectionAsync(Ended);
        await backup.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM recon_jobs");
        await fixture.Database.ExecuteAsync(queueSql);
        await fixture.Database.ExecuteAsync(
            $"UPDATE recon_jobs SET status = 'completed', finished_at = now() WHERE {queued}; ANALYZE recon_jobs");

        await using var session = await fixture.Api.Services.GetRequiredService<ReadSessions>().OpenAsync(Ended);
        return await session.PagesReadAsync(GetBalance.ReadSql, ParametersOf(account, await IdOfAsync(account)));
    }

    private Task<long> IdOfAsync(string account) => fixture.Database.ScalarAsync<long>(
        "SELECT id FROM accounts WHERE name = @account AND currency = 'USD'", new { account });

    // As the product reads an account of a holder.
    private static object ParametersOf(string account, long id) => new
    {
        ids = new[] { id },
        name = account,
        Currency = "USD",
        System = false,
        division = Division.Of(account),
    };

    private async Task<(int Version, string Balance)> AtAsync(string account, DateTimeOffset moment)
    {
        var at = moment.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
        var balance = await fixture.Client.GetJsonAsync($"/accounts/{account}/balance?at={at}");
        return (balance.GetProperty("version").GetInt32(), balance.GetProperty("posted").GetRawText());
    }

    private static string Sum(int entries) =>
        (entries * (entries + 1) / 2 / 100m).ToString("0.00", CultureInfo.InvariantCulture);

    private static string Shown(JsonElement balance) => string.Join(
        ' ', new[] { "posted", "pendingIn", "pendingOut", "pending", "available" }
            .Select(member => balance.GetProperty(member).GetRawText()));
}
