using Payments.Api.Tests.Refunds;

namespace Payments.Api.Tests.Flows;

public sealed class ListFlowsTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Path = FlowRequests.Deposits;

    private HttpClient Client => fixture.Client;

    [Fact]
    public async Task Flows_are_listed_newest_first_by_account_and_status_in_pages()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add((await Client.RecordedAsync(Path, "LIST-1", 1 + i)).GetProperty("id").GetGuid());
        }

        using var failed = await Client.FailAsync(Path, ids[1]);
        ids.Reverse();

        Assert.Equal(ids, await IdsAsync($"{Path}?accountId=LIST-1"));
        Assert.Equal(ids[1..3], await IdsAsync($"{Path}?accountId=LIST-1&limit=2&starting_after={ids[0]}"));
        Assert.Equal(ids[1..3], await IdsAsync($"{Path}?accountId=LIST-1&limit=2&ending_before={ids[3]}"));
        Assert.Equal([ids[3]], await IdsAsync($"{Path}?accountId=LIST-1&status=failed"));
        Assert.Equal([ids[0], ids[1], ids[2], ids[4]], await IdsAsync($"{Path}?accountId=LIST-1&status=pending"));
        Assert.Equal([], await IdsAsync($"{Path}?accountId=LIST-NOBODY"));
    }

    [Fact]
    public async Task A_follower_of_completed_flows_sees_each_once_though_they_complete_in_another_order_and_meanwhile()
    {
        var pending = new List<Guid>();
        for (var i = 0; i < 12; i++)
        {
            pending.Add((await Client.RecordedAsync(Path, "LIST-FOLLOW", 1)).GetProperty("id").GetGuid());
        }

        using (await Client.CompleteAsync(Path, pending[11]))
        {
        }

        var seen = new List<Guid> { pending[11] };
        var completing = Task.WhenAll(pending[..11].Select(async id =>
        {
            using var completed = await Client.CompleteAsync(Path, id);
            Assert.Equal(200, (int)completed.StatusCode);
        }));
        bool done;
        do
        {
            done = completing.IsCompleted;
            var page = await IdsAsync(
                $"{Path}?accountId=LIST-FOLLOW&status=completed&limit=3&ending_before={seen[^1]}");
            page.Reverse();
            seen.AddRange(page);
            done &= page.Count == 0;
        }
        while (!done);
        await completing;

        Assert.Equal(pending.Order(), seen.Order());
        seen.Reverse();
        Assert.Equal(seen, await IdsAsync($"{Path}?accountId=LIST-FOLLOW&status=completed&limit=100"));
        Assert.Equal(
            seen[3..7],
            await IdsAsync($"{Path}?accountId=LIST-FOLLOW&status=completed&limit=4&starting_after={seen[2]}"));
        var last = (await Client.GetJsonAsync($"{Path}?status=completed&limit=1")).GetProperty("data")[0];
        Assert.NotEqual(default, last.GetProperty("completedAt").GetDateTimeOffset());
    }

    [Fact]
    public async Task What_was_marked_completed_without_an_entry_is_listed_too()
    {
        var id = (await Client.RecordedAsync(Path, "LIST-RAW", 1)).GetProperty("id").GetGuid();
        await fixture.Database.ExecuteAsync(
            "UPDATE deposits SET status = 'completed', completed_at = now() WHERE id = @id", new { id });

        Assert.Equal([id], await IdsAsync($"{Path}?accountId=LIST-RAW&status=completed"));
        await fixture.Database.ExecuteAsync("DELETE FROM deposits WHERE id = @id", new { id });
    }

    [Theory]
    [InlineData("?status=reserved", "invalid_request")]
    [InlineData("?colour=red", "invalid_request")]
    [InlineData("?limit=0", "invalid_request")]
    [InlineData("?starting_after=x", "invalid_cursor")]
    [InlineData("?starting_after=01a1fcaa-a6b4-729a-879b-9da3d8101381", "invalid_cursor")]
    public async Task A_wrong_query_is_400(string query, string code) =>
        Assert.Equal(
            (400, code),
            await Client.GetAsync(Path + query, TestContext.Current.CancellationToken).RefusalAsync());

    [Fact]
    public async Task A_cursor_among_completed_flows_is_a_completed_one()
    {
        var id = (await Client.RecordedAsync(Path, "LIST-CURSOR", 1)).GetProperty("id").GetGuid();

        Assert.Equal(
            (400, "invalid_cursor"),
            await Client.GetAsync(
                $"{Path}?status=completed&starting_after={id}", TestContext.Current.CancellationToken).RefusalAsync());
    }

    [Fact]
    public async Task All_three_kinds_are_listed_and_found_by_id()
    {
        await fixture.FundAsync("LIST-ALL", 5);
        foreach (var path in new[] { Path, FlowRequests.Conversions, FlowRequests.Withdrawals })
        {
            var id = (await Client.RecordedAsync(path, "LIST-ALL", 1)).GetProperty("id").GetGuid();

            Assert.Equal([id], await IdsAsync($"{path}?accountId=LIST-ALL"));
            Assert.Equal([], await IdsAsync($"{path}?accountId=LIST-ALL&status=completed"));
            Assert.Equal(id, (await Client.GetJsonAsync($"{path}/{id}")).GetProperty("id").GetGuid());
            Assert.Equal(
                (404, "flow_not_found"),
                await Client.GetAsync(
                    $"{path}/{Guid.CreateVersion7()}", TestContext.Current.CancellationToken).RefusalAsync());
        }
    }

    [Fact]
    public async Task An_account_s_history_has_the_kinds_of_its_flows()
    {
        await fixture.FundAsync("LIST-KINDS", 5);
        await Client.RecordedAsync(FlowRequests.Withdrawals, "LIST-KINDS", 1);
        await Client.DepositedAsync("LIST-KINDS", 1);

        var usd = await Client.GetJsonAsync("/accounts/LIST-KINDS/ledger?currency=USD&kind=withdrawal");
        var usdc = await Client.GetJsonAsync("/accounts/LIST-KINDS/ledger?currency=USDC&kind=deposit");
        Assert.Equal((1, 1), (usd.GetProperty("data").GetArrayLength(), usdc.GetProperty("data").GetArrayLength()));
    }

    private async Task<List<Guid>> IdsAsync(string address) =>
    [
        .. (await Client.GetJsonAsync(address)).GetProperty("data").EnumerateArray()
            .Select(flow => flow.GetProperty("id").GetGuid()),
    ];
}
