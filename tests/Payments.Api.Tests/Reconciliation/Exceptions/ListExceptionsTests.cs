namespace Payments.Api.Tests.Reconciliation.Exceptions;

public sealed class ListExceptionsTests : IAsyncLifetime
{
    private readonly Desk _desk = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _desk.InitializeAsync();

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Fact]
    public async Task Exceptions_are_listed_newest_first_page_by_page()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            ids.Insert(0, await PlantAsync());
        }

        Assert.Equal(ids, await IdsAsync(""));
        Assert.Equal(ids[..2], await IdsAsync("?limit=2"));
        Assert.Equal(ids[2..4], await IdsAsync($"?limit=2&starting_after={ids[1]}"));
        Assert.Equal(ids[1..3], await IdsAsync($"?limit=2&ending_before={ids[3]}"));

        // One that comes while pages are turned moves none of the others.
        await PlantAsync();
        Assert.Equal(ids[2..], await IdsAsync($"?starting_after={ids[1]}"));
    }

    [Fact]
    public async Task A_page_is_linked_to_its_neighbours_with_its_filters()
    {
        await PlantAsync();
        var middle = await PlantAsync();
        await PlantAsync();

        using var response = await _desk.Anna.GetAsync(
            $"{Desk.Root}/exceptions?limit=1&severity=low&ending_before={await PlantAsync()}", Cancel);

        Assert.Contains(
            "severity=low", Assert.Single(response.Headers.GetValues("Link")), StringComparison.Ordinal);
        Assert.NotEqual(middle, Guid.Empty);
    }

    [Theory]
    [InlineData("status=open", "low critical overdue")]
    [InlineData("status=resolved,acknowledged", "resolved acknowledged")]
    [InlineData("severity=high,critical", "acknowledged critical")]
    [InlineData("severity=low", "low resolved overdue")]
    [InlineData("check_type=withdrawals", "critical")]
    [InlineData("assignee=anna", "acknowledged")]
    [InlineData("account=ACC-7", "resolved")]
    [InlineData("unresolved=true", "low acknowledged critical overdue")]
    [InlineData("unresolved=false", "resolved")]
    [InlineData("overdue=true", "overdue")]
    [InlineData("overdue=false&severity=low", "low resolved")]
    public async Task Filters_say_which_are_wanted(string filter, string expected)
    {
        await PlantFiveAsync();
        var list = await _desk.Anna.GetJsonAsync($"{Desk.Root}/exceptions?{filter}");

        Assert.Equal(
            expected,
            string.Join(' ', list.GetProperty("data").EnumerateArray().Reverse()
                .Select(one => one.GetProperty("description").GetString())));
    }

    [Theory]
    [InlineData("?severity=huge", "invalid_request")]
    [InlineData("?status=", "invalid_request")]
    [InlineData("?check_type=weather", "invalid_request")]
    [InlineData("?unresolved=yes", "invalid_request")]
    [InlineData("?sort=name", "invalid_request")]
    [InlineData("?starting_after=7", "invalid_cursor")]
    [InlineData("?starting_after=01a1fcaa-a6b4-729a-879b-9da3d8101381", "invalid_cursor")]
    [InlineData("?format=csv&limit=5", "invalid_request")]
    public async Task A_query_that_means_nothing_is_refused(string query, string code)
    {
        using var response = await _desk.Anna.GetAsync($"{Desk.Root}/exceptions{query}", Cancel);

        Assert.Equal((400, code), ((int)response.StatusCode, await response.CodeAsync()));
    }

    [Fact]
    public async Task All_of_them_are_exported_oldest_first_and_no_text_of_theirs_becomes_a_formula()
    {
        await _desk.Database.PlantAsync(new PlantedException("deposits", "missing_deposit")
        {
            Description = "=1+1, \"said\"", Account = "ACC-1", Expected = 1_00, Actual = 60, Assignee = "@anna",
        });
        await PlantAsync();

        using var response = await _desk.Anna.GetAsync($"{Desk.Root}/exceptions?format=csv", Cancel);
        var lines = (await response.Content.ReadAsStringAsync(Cancel)).Split("\r\n");

        Assert.Equal("text/csv", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(4, lines.Length);
        Assert.StartsWith("number,id,check_type,kind,severity,status,description,expected,", lines[0]);
        Assert.Contains(
            ",deposits,missing_deposit,low,open,\"'=1+1, \"\"said\"\"\",1.00,0.60,-0.40,USD,ACC-1,", lines[1],
            StringComparison.Ordinal);
        Assert.Contains(",'@anna,true,false,1,0,", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_statement_of_the_documents_finds_the_unresolved_ones_that_matter()
    {
        await PlantFiveAsync();

        Assert.Equal(2, await _desk.Database.ScalarAsync<long>("""
            SELECT count(*)
            FROM (
                SELECT * FROM reconciliation_exceptions
                WHERE severity IN ('high', 'critical')
                AND resolved_at IS NULL
                ORDER BY created_at DESC
            ) AS found
            """));
    }

    [Fact]
    public async Task An_exception_shows_its_story_its_sightings_and_the_rows_it_is_about_as_they_are_now()
    {
        var (id, deposit) = await _desk.Database.PlantDepositAsync("ACC-1", 10_400_000, 10_000_000);
        var report = Guid.CreateVersion7();
        await _desk.Database.SightAsync(id, report);
        await _desk.Anna.DoAsync($"/exceptions/{id}/comments", """{"text":"I look into it."}""");

        var shown = await _desk.Anna.GetJsonAsync($"{Desk.Root}/exceptions/{id}");

        Assert.Equal("-0.400000", shown.GetProperty("difference").GetString());
        Assert.Equal("10.400000", shown.GetProperty("expected").GetString());
        Assert.Equal("ACC-1", shown.GetProperty("account_id").GetString());
        Assert.Equal(
            "commented anna I look into it.",
            Text(Assert.Single(shown.GetProperty("story").EnumerateArray()), "kind", "actor", "text"));
        Assert.Equal(
            $"{report} -0.400000",
            Text(Assert.Single(shown.GetProperty("recent_sightings").EnumerateArray()), "report_id", "difference"));
        Assert.Equal("adjustment", Assert.Single(shown.GetProperty("corrections").EnumerateArray()).GetString());
        var evidence = shown.GetProperty("evidence");
        Assert.Equal(
            "ACC-1 USDC 10.000000", Text(evidence.GetProperty("account"), "account_id", "currency", "balance"));
        Assert.Equal(
            $"{deposit} deposit completed 10.400000 USDC ACC-1",
            Text(evidence.GetProperty("flow"), "id", "kind", "status", "amount", "currency", "account_id"));
        Assert.Equal(
            ["usdc_buffer -10.000000", "ACC-1 10.000000"],
            evidence.GetProperty("transaction").GetProperty("entries").EnumerateArray()
                .Select(entry => Text(entry, "account_id", "amount")));
        Assert.Equal(JsonValueKind.Null, evidence.GetProperty("payment").ValueKind);
        Assert.Equal($"/api/v1/deposits/{deposit}", shown.GetProperty("links").GetProperty("flow").GetString());
    }

    [Theory]
    [InlineData("01a1fcaa-a6b4-729a-879b-9da3d8101381")]
    [InlineData("7")]
    public async Task What_does_not_exist_is_not_found(string id)
    {
        using var response = await _desk.Anna.GetAsync($"{Desk.Root}/exceptions/{id}", Cancel);

        Assert.Equal((404, "exception_not_found"), ((int)response.StatusCode, await response.CodeAsync()));
    }

    private Task<Guid> PlantAsync() => _desk.Database.PlantAsync(new PlantedException("deposits", "missing_deposit"));

    private async Task PlantFiveAsync()
    {
        foreach (var planted in (PlantedException[])
        [
            new("deposits", "k") { Description = "low" },
            new("deposits", "k") { Description = "resolved", Account = "ACC-7" },
            new("deposits", "k") { Description = "acknowledged", Severity = "high", Assignee = "anna" },
            new("withdrawals", "k") { Description = "critical", Severity = "critical" },
            new("deposits", "k") { Description = "overdue", Due = -1 },
        ])
        {
            await _desk.Database.PlantAsync(planted);
        }

        await _desk.Database.ExecuteAsync("""
            UPDATE reconciliation_exceptions SET status = 'resolved', resolved_at = now()
            WHERE description = 'resolved';
            UPDATE reconciliation_exceptions SET status = 'acknowledged' WHERE description = 'acknowledged'
            """);
    }

    private async Task<List<Guid>> IdsAsync(string query) =>
    [
        .. (await _desk.Anna.GetJsonAsync($"{Desk.Root}/exceptions{query}")).GetProperty("data").EnumerateArray()
            .Select(one => one.GetProperty("id").GetGuid()),
    ];

    private static string Text(JsonElement item, params string[] members) =>
        string.Join(' ', members.Select(member => item.GetProperty(member).ToString()));
}
