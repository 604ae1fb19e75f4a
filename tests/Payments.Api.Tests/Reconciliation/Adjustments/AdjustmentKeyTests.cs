namespace Payments.Api.Tests.Reconciliation.Adjustments;

/// <summary>Corrections whose requests arrive more than once.</summary>
public sealed class AdjustmentKeyTests : IAsyncLifetime
{
    private const string Reason = """{"reason":"The remainder is ours."}""";

    private readonly Desk _desk = new();

    public ValueTask InitializeAsync() => _desk.InitializeAsync();

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Theory]
    [InlineData("approve", "resolved: adjustment_proposed adjustment_posted")]
    [InlineData("reject", "open: adjustment_proposed adjustment_rejected")]
    public async Task A_proposal_and_its_decision_are_made_once_each_under_their_keys(string decision, string story)
    {
        var exception = await PlantAsync();
        var path = $"/exceptions/{exception}/adjustments";

        await OnceAsync(_desk.Anna, path, Reason, "propose", 201);
        await OnceAsync(_desk.Berta, $"/adjustments/{await ProposalAsync(exception)}/{decision}", null, "decide", 200);

        Assert.Equal(story, await _desk.Database.StoryAsync(exception));
        await ReusedAsync(_desk.Anna, path, """{"reason":"Another."}""", "propose");
    }

    [Fact]
    public async Task What_is_undone_under_a_key_is_undone_once()
    {
        var (exception, _) = await _desk.Database.PlantDepositAsync("ACC", 10_400_000, 10_000_000);
        var posted = await _desk.Anna.DoAsync($"/exceptions/{exception}/adjustments", Reason);

        await OnceAsync(_desk.Anna, $"/adjustments/{posted.GetProperty("id")}/undo", null, "undo", 200);

        Assert.Equal("open: adjustment_posted adjustment_undone", await _desk.Database.StoryAsync(exception));
    }

    [Fact]
    public async Task The_key_of_a_decision_is_not_that_of_a_decision_about_another_proposal()
    {
        var (one, other) = (await PlantAsync(), await PlantAsync());
        await _desk.Anna.DoAsync($"/exceptions/{one}/adjustments", Reason);
        await _desk.Anna.DoAsync($"/exceptions/{other}/adjustments", Reason);
        await _desk.Berta.ToldAsync($"/adjustments/{await ProposalAsync(one)}/approve", null, "decide");

        await ReusedAsync(_desk.Berta, $"/adjustments/{await ProposalAsync(other)}/approve", null, "decide");

        Assert.Equal("open: adjustment_proposed", await _desk.Database.StoryAsync(other));
    }

    [Fact]
    public async Task A_refusal_leaves_the_key_free()
    {
        var exception = await PlantAsync();
        await _desk.Anna.DoAsync($"/exceptions/{exception}/adjustments", Reason);
        var path = $"/adjustments/{await ProposalAsync(exception)}/approve";
        await _desk.Database.ExecuteAsync(
            "UPDATE reconciliation_exceptions SET status = 'resolved', resolved_at = now() WHERE id = @exception",
            new { exception });
        Assert.Contains(
            "exception_over", await _desk.Berta.ToldAsync(path, null, "decide"), StringComparison.Ordinal);

        await _desk.Anna.DoAsync($"/exceptions/{exception}/reopen");
        await OnceAsync(_desk.Berta, path, null, "decide", 200);
    }

    /// <summary>Sends it twice: the second answer is the first once more.</summary>
    private static async Task OnceAsync(HttpClient client, string path, string? body, string key, int status)
    {
        var first = await client.ToldAsync(path, body, key);
        var again = await client.ToldAsync(path, body, key);

        Assert.StartsWith($"{status} ", first, StringComparison.Ordinal);
        Assert.Equal(first + " replayed", again);
    }

    private static async Task ReusedAsync(HttpClient client, string path, string? body, string key)
    {
        var told = await client.ToldAsync(path, body, key);

        Assert.StartsWith("422 ", told, StringComparison.Ordinal);
        Assert.Contains("idempotency_key_reused", told, StringComparison.Ordinal);
    }

    // Above what one person may post.
    private async Task<Guid> PlantAsync() =>
        (await _desk.Database.PlantDepositAsync("ACC", 10_400_000, 7_000_000)).Exception;

    private Task<Guid> ProposalAsync(Guid exception) => _desk.Database.ScalarAsync<Guid>(
        "SELECT id FROM reconciliation_adjustments WHERE exception_id = @exception", new { exception });
}
