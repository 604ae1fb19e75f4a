using System.Globalization;

namespace Payments.Api.Tests.Providers;

/// <summary>What an operator is told of the providers' balances beside the books.</summary>
public sealed class ListProviderBalancesTests : IAsyncLifetime
{
    private const string Path = "/api/admin/reconciliation/providers";

    private static readonly DateTimeOffset Morning = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    private readonly ApiFixture _fixture = new();

    private HttpClient Operator { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await _fixture.InitializeAsync();
        await TestKeys.AddAsync(_fixture.Database, "operator", "key-of-the-operator", ["reconciliation:admin"]);
        Operator = _fixture.Api.CreateClient("key-of-the-operator");
    }

    public async ValueTask DisposeAsync()
    {
        Operator.Dispose();
        await _fixture.DisposeAsync();
    }

    [Fact]
    public async Task Before_anyone_has_asked_only_the_books_are_known()
    {
        await PostAsync("usdc_buffer", "USDC", Morning, -12_500_000);

        var (circle, alpaca) = await ReadAsync();

        Assert.Equal(
            """circle USDC null null null null 12.500000 null 10.000000 unknown "Nobody has read it yet." null""",
            circle);
        Assert.Equal(
            """alpaca USD null null null null 0.00 null 100.00 unknown "Nobody has read it yet." null""", alpaca);
    }

    [Theory]
    [InlineData(-12_500_000, "22500000", "10.000000", "agrees")]
    [InlineData(-12_500_000, "22500000.1", "10.0000001", "differs")]
    [InlineData(-12_500_000, "2500000", "-10.000000", "agrees")]
    [InlineData(-12_500_000, "2499999", "-10.000001", "differs")]
    public async Task A_balance_agrees_up_to_the_tolerance_and_keeps_the_sign_of_its_difference(
        long posted, string told, string difference, string status)
    {
        await PostAsync("usdc_buffer", "USDC", Morning, posted);
        await KeepAsync("circle", "USDC", told, "now()", "now()");

        var circle = (await Operator.GetJsonAsync(Path)).GetProperty("data")[0];

        Assert.Equal(
            (difference, status, "12.500000"),
            (circle.GetProperty("difference").GetRawText(), circle.GetProperty("status").GetString(),
                circle.GetProperty("ledgerBalance").GetRawText()));
        Assert.InRange(circle.GetProperty("ageSeconds").GetDouble(), 0, 60);
    }

    [Fact]
    public async Task A_balance_is_compared_with_the_books_of_its_own_moment()
    {
        await PostAsync("fiat_exposure", "USD", Morning, -10_000);
        await PostAsync("fiat_exposure", "USD", Morning.AddHours(2), -1_000_000);
        await KeepAsync("alpaca", "USD", "10000", Moment(Morning.AddHours(1)), Moment(Morning.AddHours(1)));

        var alpaca = (await Operator.GetJsonAsync(Path)).GetProperty("data")[1];

        Assert.Equal("100.00", alpaca.GetProperty("ledgerBalance").GetRawText());
        Assert.Equal("0.00", alpaca.GetProperty("difference").GetRawText());
        Assert.Equal(("stale", "It was not read lately."),
            (alpaca.GetProperty("status").GetString(), alpaca.GetProperty("reason").GetString()));
    }

    [Theory]
    [InlineData("15000", "50.00", "100.00")]
    [InlineData("25000", "-50.00", "300.00")]
    [InlineData("10000", "0.00", "100.00")]
    [InlineData("30100", "1.00", "300.00")]
    [InlineData("9900", "-1.00", "100.00")]
    public async Task What_the_books_moved_while_the_provider_was_read_may_be_in_its_balance_or_not(
        string told, string difference, string ledger)
    {
        await PostAsync("fiat_exposure", "USD", Morning, -10_000);
        await PostAsync("fiat_exposure", "USD", Morning.AddSeconds(5), -20_000);
        await KeepAsync("alpaca", "USD", told, Moment(Morning.AddSeconds(4)), Moment(Morning.AddSeconds(6)));

        var alpaca = (await Operator.GetJsonAsync(Path)).GetProperty("data")[1];

        Assert.Equal((difference, ledger),
            (alpaca.GetProperty("difference").GetRawText(), alpaca.GetProperty("ledgerBalance").GetRawText()));
    }

    // As the check does: 300.00 was there for a second, though the balance was 100.00 before and after.
    [Fact]
    public async Task A_balance_that_the_books_had_only_while_the_provider_was_read_may_be_its_balance()
    {
        await PostAsync("fiat_exposure", "USD", Morning, -10_000);
        await PostAsync("fiat_exposure", "USD", Morning.AddMinutes(1), -20_000);
        await PostAsync("fiat_exposure", "USD", Morning.AddMinutes(1).AddSeconds(1), 20_000);
        await KeepAsync(
            "alpaca", "USD", "30000", Moment(Morning.AddSeconds(50)), Moment(Morning.AddMinutes(1).AddSeconds(5)));

        var alpaca = (await Operator.GetJsonAsync(Path)).GetProperty("data")[1];

        Assert.Equal(("0.00", "300.00"),
            (alpaca.GetProperty("difference").GetRawText(), alpaca.GetProperty("ledgerBalance").GetRawText()));
    }

    [Fact]
    public async Task While_entries_are_missing_nothing_is_said_of_a_difference()
    {
        await PostAsync("usdc_buffer", "USDC", Morning, -10_000_000);
        await KeepAsync("circle", "USDC", "10000000", "now()", "now()");
        await _fixture.Database.ExecuteAsync("""
            SET session_replication_role = replica;
            DELETE FROM ledger_entries;
            RESET session_replication_role
            """);

        var circle = (await Operator.GetJsonAsync(Path)).GetProperty("data")[0];

        Assert.Equal(
            ("10.000000", "10.000000", "null", "unknown", "Entries of usdc_buffer are missing."),
            (circle.GetProperty("providerBalance").GetRawText(), circle.GetProperty("ledgerBalance").GetRawText(),
                circle.GetProperty("difference").GetRawText(), circle.GetProperty("status").GetString(),
                circle.GetProperty("reason").GetString()));
    }

    [Fact]
    public async Task A_provider_that_is_down_shows_its_last_balance_with_the_reason_and_since_when()
    {
        await KeepAsync("circle", "USDC", "5000000", "now()", "now()");
        await _fixture.Database.ExecuteAsync("""
            UPDATE provider_balances
            SET outcome = 'unavailable', error = 'Circle answered 503.', inconclusive_since = '2026-03-01 08:00Z'
            """);

        var circle = (await Operator.GetJsonAsync(Path)).GetProperty("data")[0];

        Assert.Equal(
            ("5.000000", "unavailable", "Circle answered 503.", "2026-03-01T08:00:00Z"),
            (circle.GetProperty("providerBalance").GetRawText(), circle.GetProperty("status").GetString(),
                circle.GetProperty("reason").GetString(), circle.GetProperty("inconclusiveSince").GetString()));
    }

    [Fact]
    public async Task Who_may_not_reconcile_may_not_see_it()
    {
        using var answer = await _fixture.Client.GetAsync(
            new Uri(Path, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(403, (int)answer.StatusCode);
    }

    private async Task<(string Circle, string Alpaca)> ReadAsync()
    {
        var list = await Operator.GetJsonAsync(Path);
        Assert.Equal(
            ("list", false), (list.GetProperty("object").GetString(), list.GetProperty("has_more").GetBoolean()));
        return (Line(list.GetProperty("data")[0]), Line(list.GetProperty("data")[1]));

        static string Line(JsonElement provider) => string.Join(' ', provider.EnumerateObject().Select(
            member => member.Name is "provider" or "currency" or "status"
                ? member.Value.GetString()
                : member.Value.GetRawText()));
    }

    private static string Moment(DateTimeOffset time) =>
        string.Create(CultureInfo.InvariantCulture, $"'{time:yyyy-MM-dd HH:mm:ss}Z'");

    private Task<int> KeepAsync(string provider, string currency, string amount, string asOf, string fetchedAt) =>
        _fixture.Database.ExecuteAsync($"""
            INSERT INTO provider_balances (provider, currency, amount, as_of, fetched_at, tried_at, outcome)
            VALUES ('{provider}', '{currency}', {amount}, {asOf}, {fetchedAt}, {fetchedAt}, 'current')
            """);

    // Posts between a system account and a user's, at a time of the past.
    private async Task PostAsync(string account, string currency, DateTimeOffset at, long amount)
    {
        await _fixture.Database.ExecuteAsync("""
            INSERT INTO accounts (name, currency, normal_balance, system)
            VALUES (@account, @currency, 'debit', true), ('alice', @currency, 'credit', false)
            ON CONFLICT DO NOTHING
            """, new { account, currency });
        await _fixture.Database.ExecuteAsync("""
            WITH moved AS (
                UPDATE accounts AS a
                SET balance = a.balance + s.amount, position = a.position + 1, last_entry_at = @at
                FROM (VALUES (@account, @amount), ('alice', -@amount)) AS s (name, amount)
                WHERE a.name = s.name AND a.currency = @currency
                RETURNING a.id, a.balance, a.position, s.amount
            ), posting AS (
                INSERT INTO ledger_transactions (id, created_at, entry_count, kind, account_ids, positions)
                SELECT @id, @at, 2, 'deposit', array_agg(id ORDER BY id), array_agg(position ORDER BY id) FROM moved
            )
            INSERT INTO ledger_entries
                (account_id, position, amount, balance_after, created_at, transaction_id, currency)
            SELECT id, position, amount, balance, @at, @id, @currency FROM moved
            """, new { id = Guid.CreateVersion7(), account, currency, at, amount });
    }
}
