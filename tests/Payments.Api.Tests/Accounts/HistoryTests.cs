using System.Globalization;
using Payments.Api.Accounts;

namespace Payments.Api.Tests.Accounts;

public sealed class HistoryTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Entries_are_filtered_by_time_and_kind_and_paged_within_the_filter()
    {
        await LongHistory.AddAsync(fixture.Database, "ACC-FILTER", 100);
        const string Filter = "/accounts/ACC-FILTER/ledger?kind=refund&limit=3"
            + "&from=2026-03-01T00:00:20Z&to=2026-03-01T00:01:10Z";

        var first = await fixture.Client.GetJsonAsync(Filter);
        var second = await fixture.Client.GetJsonAsync(Filter + "&starting_after=" + LastId(first));
        var back = await fixture.Client.GetJsonAsync(Filter + "&ending_before=" + LastId(second));
        var any = await fixture.Client.GetJsonAsync("/api/v1/accounts/ACC-FILTER/ledger?to=2026-03-01T00:00:05Z");

        Assert.Equal([60, 50, 40], Positions(first));
        Assert.Equal([30, 20], Positions(second));
        Assert.Equal([50, 40, 30], Positions(back));
        Assert.Equal([4, 3, 2, 1], Positions(any));
        Assert.Equal(
            (true, false),
            (first.GetProperty("has_more").GetBoolean(), second.GetProperty("has_more").GetBoolean()));
    }

    [Theory]
    [InlineData("kind=gift", "unknown_kind")]
    [InlineData("from=2026-03-02&to=2026-03-01", "empty_period")]
    [InlineData("from=2026-03-01&to=2026-03-01", "empty_period")]
    [InlineData("format=xml", "unknown_format")]
    [InlineData("format=csv&limit=5", "not_for_csv")]
    public async Task A_filter_that_cannot_be_meant_is_refused(string query, string code)
    {
        await LongHistory.AddAsync(fixture.Database, "ACC-REFUSED", 1);
        using var response = await fixture.Client.GetAsync("/accounts/ACC-REFUSED/ledger?" + query, Cancel);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal(
            code, (await response.ReadAsync()).GetProperty("errors")[0].GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_history_is_exported_whole_oldest_first()
    {
        const int Entries = (2 * ReadLines.SliceSize) + 17;
        await LongHistory.AddAsync(fixture.Database, "ACC:EXPORT", Entries);

        using var response = await fixture.Client.GetAsync(
            "/api/v1/accounts/ACC:EXPORT/ledger?format=csv", Cancel);
        var lines = (await response.Content.ReadAsStringAsync(Cancel)).Split("\r\n");

        Assert.Equal("text/csv; charset=utf-8; header=present", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("ACC_EXPORT-USD-ledger.csv", response.Content.Headers.ContentDisposition?.FileName?.Trim('"'));
        Assert.Equal("id,position,createdAt,transactionId,kind,direction,amount,balanceAfter,currency", lines[0]);
        Assert.Equal("", lines[^1]);
        Assert.Equal(Entries, lines.Length - 2);
        Assert.Equal(Enumerable.Range(1, Entries), lines[1..^1].Select(line =>
            int.Parse(line.Split(',')[1], CultureInfo.InvariantCulture)));
        Assert.EndsWith(",payment,credit,0.02,0.03,USD", lines[2], StringComparison.Ordinal);
        Assert.Contains(",2026-03-01T00:00:02.000000Z,", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_export_keeps_to_the_filter()
    {
        await LongHistory.AddAsync(fixture.Database, "ACC-EXPORT-FILTER", 2_500);
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            "/accounts/ACC-EXPORT-FILTER/ledger?kind=refund&from=2026-03-01T00:00:10Z&to=2026-03-01T00:30:00Z");
        request.Headers.Accept.ParseAdd("text/csv");

        using var response = await fixture.Client.SendAsync(request, Cancel);
        var lines = (await response.Content.ReadAsStringAsync(Cancel)).Split("\r\n");

        Assert.Equal(
            Enumerable.Range(1, 179).Select(i => (i * 10).ToString(CultureInfo.InvariantCulture)),
            lines[1..^1].Select(line => line.Split(',')[1]));
    }

    // The end of the history does not exist yet while its beginning is read: nothing is gathered before it is sent.
    [Fact]
    public async Task The_first_lines_are_read_before_the_last_are_written()
    {
        await LongHistory.AddAsync(fixture.Database, "ACC-GROWING", ReadLines.SliceSize);
        var id = await fixture.Database.ScalarAsync<long>("SELECT id FROM accounts WHERE name = 'ACC-GROWING'");
        await (await fixture.Database.App.OpenConnectionAsync(Cancel)).DisposeAsync();
        var account = new AccountRow(
            id, "ACC-GROWING", "USD", "credit", 0, 0, System: false, null, LongHistory.Begin, LastEntryAt: null);
        var slices = new ReadLines(fixture.Database.App)
            .ExecuteAsync(account, after: 0, last: 5 * ReadLines.SliceSize, Cancel).GetAsyncEnumerator(Cancel);
        var positions = new List<long>();

        for (var slice = 1; slice <= 5; slice++)
        {
            Assert.Equal(1, await RoundTrips.OfAsync(async () => await slices.MoveNextAsync()));
            positions.AddRange(slices.Current.Select(line => line.Position));
            Assert.Equal(slice * ReadLines.SliceSize, positions.Count);
            await LongHistory.AddAsync(fixture.Database, "ACC-GROWING", (slice + 1) * ReadLines.SliceSize);
        }

        Assert.False(await slices.MoveNextAsync());
        await slices.DisposeAsync();
        Assert.Equal(Enumerable.Range(1, 5 * ReadLines.SliceSize).Select(position => (long)position), positions);
    }

    [Fact]
    public async Task A_statement_opens_with_what_was_there_and_closes_with_what_its_lines_add()
    {
        await LongHistory.AddAsync(fixture.Database, "ACC-STATE", 100);

        var statement = await fixture.Client.GetJsonAsync(
            "/accounts/ACC-STATE/statement?from=2026-03-01T00:00:11Z&to=2026-03-01T00:00:14Z");
        var whole = await fixture.Client.GetJsonAsync("/api/v1/accounts/ACC-STATE/statement");
        var empty = await fixture.Client.GetJsonAsync("/accounts/ACC-STATE/statement?from=2026-04-01");

        Assert.Equal("0.55 3 0.00 0.36 0.91", Summary(statement));
        Assert.Equal(
            ["11 0.11 0.66", "12 0.12 0.78", "13 0.13 0.91"],
            statement.GetProperty("lines").EnumerateArray().Select(line =>
                $"{line.GetProperty("position").GetRawText()} {line.GetProperty("amount").GetRawText()} "
                + line.GetProperty("balanceAfter").GetRawText()));
        Assert.Equal("0.00 100 0.00 50.50 50.50", Summary(whole));
        Assert.Equal("50.50 0 0.00 0.00 50.50", Summary(empty));
    }

    [Fact]
    public async Task A_statement_that_begins_where_another_ended_repeats_no_entry_and_loses_none()
    {
        await LongHistory.AddAsync(fixture.Database, "ACC-NEXT", 10);
        var first = await fixture.Client.GetJsonAsync("/accounts/ACC-NEXT/statement");

        // Seen after the first was read, and posted at a time that had passed by then, as in a commit that took long.
        await LongHistory.AddAsync(fixture.Database, "ACC-NEXT", 13);
        var second = await FromEndOf(first);
        var nothingNew = await FromEndOf(second);
        await LongHistory.AddAsync(fixture.Database, "ACC-NEXT", 14);
        var third = await FromEndOf(nothingNew);

        Assert.Equal("2026-03-01T00:00:10.000001Z", first.GetProperty("to").GetString());
        Assert.Equal([11, 12, 13], LinesOf(second));
        Assert.Equal("0.91 0 0.00 0.00 0.91", Summary(nothingNew));
        Assert.Equal([14], LinesOf(third));

        Task<JsonElement> FromEndOf(JsonElement statement) => fixture.Client.GetJsonAsync(
            "/accounts/ACC-NEXT/statement?from=" + statement.GetProperty("to").GetString());
    }

    [Fact]
    public async Task The_statement_of_an_account_without_entries_ends_when_it_was_opened()
    {
        using var opened = await fixture.Client.PostJsonAsync("/accounts", """{"accountId":"ACC-UNUSED"}""");
        var account = await opened.ReadAsync();

        var first = await fixture.Client.GetJsonAsync("/accounts/ACC-UNUSED/statement");
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-UNUSED", 5));
        var second = await fixture.Client.GetJsonAsync(
            "/accounts/ACC-UNUSED/statement?from=" + first.GetProperty("to").GetString());

        Assert.Equal(
            account.GetProperty("openedAt").GetDateTimeOffset(), first.GetProperty("to").GetDateTimeOffset());
        Assert.Equal("0.00 1 0.00 5.00 5.00", Summary(second));
    }

    [Fact]
    public async Task A_statement_ends_where_it_began_when_that_is_behind_the_last_entry_and_not_in_the_future()
    {
        await LongHistory.AddAsync(fixture.Database, "ACC-BEHIND", 10);

        var empty = await fixture.Client.GetJsonAsync("/accounts/ACC-BEHIND/statement?from=2026-04-01");
        using var refused = await fixture.Client.GetAsync("/accounts/ACC-BEHIND/statement?from=9998-01-01", Cancel);

        Assert.Equal("2026-04-01T00:00:00Z", empty.GetProperty("to").GetString());
        Assert.Equal(400, (int)refused.StatusCode);
        Assert.Equal(
            "empty_period", (await refused.ReadAsync()).GetProperty("errors")[0].GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_statement_as_CSV_has_a_column_for_each_side_and_keeps_descriptions_harmless()
    {
        using var created = await fixture.Client.CreateAsync(
            """{"accountId":"ACC-SHEET","amount":20,"description":"=SUM(1, 2) \"x\""}""");
        await Settlement.CompleteAsync(
            fixture.Database, (await created.ReadAsync()).GetProperty("id").GetGuid());
        var (id, _) = await fixture.Client.TransferAsync("ACC-SHEET", "ACC-TO", 5);
        await Settlement.CompleteAsync(fixture.Database, id);

        using var response = await fixture.Client.GetAsync("/accounts/ACC-SHEET/statement?format=csv", Cancel);
        var lines = (await response.Content.ReadAsStringAsync(Cancel)).Split("\r\n");

        Assert.Equal("createdAt,transactionId,kind,description,debit,credit,balance,currency", lines[0]);
        Assert.EndsWith(",,opening,,,,0.00,USD", lines[1], StringComparison.Ordinal);
        Assert.EndsWith(",payment,\"'=SUM(1, 2) \"\"x\"\"\",,20.00,20.00,USD", lines[2], StringComparison.Ordinal);
        Assert.EndsWith($",{id},transfer,,5.00,,15.00,USD", lines[3], StringComparison.Ordinal);
        Assert.EndsWith(",,closing,,,,15.00,USD", lines[4], StringComparison.Ordinal);
        Assert.Equal("", Assert.Single(lines[5..]));
    }

    private static string Summary(JsonElement statement) => string.Join(
        ' ', new[] { "openingBalance", "lineCount", "totalDebits", "totalCredits", "closingBalance" }
            .Select(member => statement.GetProperty(member).GetRawText()));

    private static IEnumerable<long> LinesOf(JsonElement statement) =>
        statement.GetProperty("lines").EnumerateArray().Select(line => line.GetProperty("position").GetInt64());

    private static string? LastId(JsonElement list) => list.GetProperty("data").EnumerateArray().Last()
        .GetProperty("id").GetString();

    private static List<long> Positions(JsonElement list) =>
        [.. list.GetProperty("data").EnumerateArray().Select(entry => entry.GetProperty("position").GetInt64())];
}
