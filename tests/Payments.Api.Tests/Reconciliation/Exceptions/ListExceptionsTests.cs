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
        var last = await PlantAsync();

        using var response = await _desk.Anna.GetAsync($"{Desk.Root}/exceptions?limit=1&severity=low", Cancel);

        Assert.Equal(
            $"<{Desk.Root}/exceptions?starting_after={last}&limit=1&severity=low>; rel=\"next\"",
            Assert.Single(response.Headers.GetValues("Link")));
    }

    [Fact]
    public async Task All_of_them_are_exported_oldest_first_and_no_text_of_theirs_becomes_a_formula()
    {
        await _desk.Database.PlantAsync(new PlantedException("deposits", "missing_deposit")
        {
            Description = "=1+1, \"said\"",
            Account = "ACC-1",
            Expected = 1_00,
            Actual = 60,
            Assignee = "@anna",
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
            Assert.Single(shown.GetProperty("story").EnumerateArray()).Text("kind", "actor", "text"));
        Assert.Equal(
            $"{report} -0.400000",
            Assert.Single(shown.GetProperty("recent_sightings").EnumerateArray()).Text("report_id", "difference"));
        Assert.Equal("adjustment", Assert.Single(shown.GetProperty("corrections").EnumerateArray()).GetString());
        var evidence = shown.GetProperty("evidence");
        Assert.Equal(
            "ACC-1 USDC 10.000000", evidence.GetProperty("account").Text("account_id", "currency", "balance"));
        Assert.Equal(
            $"{deposit} deposit completed 10.400000 USDC ACC-1",
            evidence.GetProperty("flow").Text("id", "kind", "status", "amount", "currency", "account_id"));
        Assert.Equal(
            ["usdc_buffer -10.000000", "ACC-1 10.000000"],
            evidence.GetProperty("transaction").GetProperty("entries").EnumerateArray()
                .Select(entry => entry.Text("account_id", "amount")));
        Assert.Equal(JsonValueKind.Null, evidence.GetProperty("payment").ValueKind);
        Assert.Equal($"/api/v1/deposits/{deposit}", shown.GetProperty("links").GetProperty("flow").GetString());
    }

    private Task<Guid> PlantAsync() => _desk.Database.PlantAsync(new PlantedException("deposits", "missing_deposit"));

    private async Task<List<Guid>> IdsAsync(string query) =>
    [
        .. (await _desk.Anna.GetJsonAsync($"{Desk.Root}/exceptions{query}")).GetProperty("data").EnumerateArray()
            .Select(one => one.GetProperty("id").GetGuid()),
    ];
}
