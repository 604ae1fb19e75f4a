using Npgsql;

namespace Payments.Api.Tests.Reconciliation.Adjustments;

public sealed class AdjustmentTests : IAsyncLifetime
{
    private const string Reason = """{"reason":"The remainder is ours."}""";

    private const string Rebuild = """{"kind":"rebuild_account_row","reason":"A disk went wrong."}""";

    private readonly Desk _desk = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _desk.InitializeAsync();

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Fact]
    public async Task Within_the_limits_it_is_posted_at_once_balanced_and_linked_to_what_it_corrects()
    {
        var (exception, deposit) = await PlantAsync(10_400_000, 10_000_000);

        var posted = await _desk.Anna.DoAsync($"/exceptions/{exception}/adjustments", Reason);

        Assert.Equal(
            "adjustment posted 0.400000 -0.400000 USDC ACC usdc_buffer False anna ",
            posted.Text("kind", "status", "amount", "counter_amount", "currency", "account_id", "counter_account_id",
                "needs_approval", "proposed_by", "approved_by"));
        Assert.Equal(
            [
                "adjustment ACC 400000", "adjustment suspense -400000", "adjustment suspense 400000",
                "adjustment usdc_buffer -400000",
            ],
            await EntriesAsync(deposit));
        Assert.Equal("resolved: adjustment_posted", await _desk.Database.StoryAsync(exception));
        Assert.Equal(0, await BalanceAsync("suspense"));
        Assert.Equal(10_400_000, await BalanceAsync("ACC"));
        Assert.Equal(
            ["anna adjustment.posted succeeded"], await AuditAsync(posted.GetProperty("id").GetString()!));
    }

    [Fact]
    public async Task What_is_posted_is_undone_by_its_reverse_and_the_exception_opens_again()
    {
        var (exception, deposit) = await PlantAsync(10_000_000, 10_400_000);
        var id = Id(await _desk.Anna.DoAsync($"/exceptions/{exception}/adjustments", Reason));
        var adjustment = await _desk.Database.ScalarAsync<Guid>(
            "SELECT transaction_id FROM reconciliation_adjustments WHERE id = @id", new { id = Guid.Parse(id) });

        var undone = await _desk.Berta.DoAsync($"/adjustments/{id}/undo");
        var again = await _desk.Berta.DoAsync($"/adjustments/{id}/undo");

        Assert.Equal("undone berta", undone.Text("status", "undone_by"));
        Assert.Equal(undone.GetRawText(), again.GetRawText());
        Assert.Equal("409 adjustment_decided", await _desk.Anna.RefusedAsync($"/adjustments/{id}/undo"));
        Assert.Equal(["reversal ACC 400000", "reversal suspense -400000"], await EntriesAsync(adjustment));
        Assert.Equal(10_400_000, await BalanceAsync("ACC"));
        Assert.Equal("open: adjustment_posted adjustment_undone", await _desk.Database.StoryAsync(exception));
        Assert.Equal(2, await _desk.Database.ScalarAsync<long>(
            "SELECT count(*) FROM ledger_transactions WHERE corrects = @deposit", new { deposit }));

        // And it can be corrected anew.
        var anew = await _desk.Anna.DoAsync($"/exceptions/{exception}/adjustments", Reason);
        Assert.Equal("posted", anew.Text("status"));
    }

    [Fact]
    public async Task Above_the_limit_it_waits_for_a_second_person_who_is_never_the_first()
    {
        var (exception, _) = await PlantAsync(10_400_000, 7_000_000);

        var proposed = await _desk.Anna.DoAsync($"/exceptions/{exception}/adjustments", Reason);
        var again = await _desk.Anna.DoAsync($"/exceptions/{exception}/adjustments", Reason);
        var id = Id(proposed);

        Assert.Equal("proposed True", proposed.Text("status", "needs_approval"));
        Assert.Equal(proposed.GetRawText(), again.GetRawText());
        Assert.Equal(7_000_000, await BalanceAsync("ACC"));
        Assert.Equal(
            "409 adjustment_proposed",
            await _desk.Berta.RefusedAsync($"/exceptions/{exception}/adjustments", Reason));
        Assert.Equal("403 own_proposal", await _desk.Anna.RefusedAsync($"/adjustments/{id}/approve"));

        var approved = await _desk.Berta.DoAsync($"/adjustments/{id}/approve");
        await _desk.Berta.DoAsync($"/adjustments/{id}/approve");

        Assert.Equal("posted anna berta", approved.Text("status", "proposed_by", "approved_by"));
        Assert.Equal(10_400_000, await BalanceAsync("ACC"));
        Assert.Equal(
            "resolved: adjustment_proposed adjustment_posted", await _desk.Database.StoryAsync(exception));
        Assert.Equal(
            [
                "anna adjustment.proposed succeeded", "anna adjustment.approved refused",
                "berta adjustment.posted succeeded",
            ],
            await AuditAsync(id));
    }

    [Theory]
    [InlineData("approved_by = 'anna', status = 'posted', decided_at = now(), transaction_id = gen_random_uuid()",
        "reconciliation_adjustments_four_eyes")]
    [InlineData("approved_by = 'anna'", "reconciliation_adjustments_four_eyes")]
    [InlineData("status = 'posted', decided_at = now(), transaction_id = gen_random_uuid()",
        "reconciliation_adjustments_approved_where_needed")]
    public async Task Nor_does_the_database_let_one_person_decide(string change, string constraint)
    {
        var (exception, _) = await PlantAsync(10_400_000, 7_000_000);
        await _desk.Anna.DoAsync($"/exceptions/{exception}/adjustments", Reason);

        var refused = await Assert.ThrowsAsync<PostgresException>(
            () => _desk.Database.ExecuteAsync($"UPDATE reconciliation_adjustments SET {change}"));

        Assert.Equal(constraint, refused.ConstraintName);
    }

    [Fact]
    public async Task What_was_decided_is_not_decided_again()
    {
        var (exception, _) = await PlantAsync(10_400_000, 7_000_000);
        var id = Id(await _desk.Anna.DoAsync($"/exceptions/{exception}/adjustments", Reason));

        await _desk.Berta.DoAsync($"/adjustments/{id}/reject");
        await _desk.Berta.DoAsync($"/adjustments/{id}/reject");

        Assert.Equal("409 adjustment_decided", await _desk.Berta.RefusedAsync($"/adjustments/{id}/approve"));
        Assert.Equal("409 adjustment_decided", await _desk.Anna.RefusedAsync($"/adjustments/{id}/reject"));
        Assert.Equal("409 adjustment_decided", await _desk.Anna.RefusedAsync($"/adjustments/{id}/undo"));
        Assert.Equal("open: adjustment_proposed adjustment_rejected", await _desk.Database.StoryAsync(exception));
        var refused = await Assert.ThrowsAsync<PostgresException>(() => _desk.Database.ExecuteAsync(
            "UPDATE reconciliation_adjustments SET status = 'proposed', decided_at = NULL, rejected_by = NULL"));
        Assert.Equal("adjustment_is_decided_once", refused.ConstraintName);
    }

    [Fact]
    public async Task A_proposal_that_the_books_have_overtaken_fails_and_posts_nothing()
    {
        var (exception, deposit) = await PlantAsync(10_400_000, 7_000_000);
        var id = Id(await _desk.Anna.DoAsync($"/exceptions/{exception}/adjustments", Reason));
        await _desk.Database.ExecuteAsync("UPDATE deposits SET amount = 10500000 WHERE id = @deposit", new { deposit });

        var approved = await _desk.Berta.DoAsync($"/adjustments/{id}/approve");

        Assert.Equal(
            "failed The flow differs from its entries by another amount than was proposed.",
            approved.Text("status", "failure"));
        Assert.Equal("open: adjustment_proposed adjustment_failed", await _desk.Database.StoryAsync(exception));
        Assert.Empty(await EntriesAsync(deposit));
    }

    [Fact]
    public async Task Many_at_once_together_stay_within_the_limit_of_a_day()
    {
        // 100.00 a day by default: 125 of 0.80 fit, so 130 leave 5 for a second person.
        var exceptions = new List<Guid>();
        for (var i = 0; i < 130; i++)
        {
            exceptions.Add((await PlantAsync(10_800_000, 10_000_000)).Exception);
        }

        var answers = await Task.WhenAll(exceptions.Select(
            exception => _desk.Anna.DoAsync($"/exceptions/{exception}/adjustments", Reason)));

        Assert.Equal(125, answers.Count(answer => answer.Text("status") == "posted"));
        Assert.Equal(5, answers.Count(answer => answer.Text("status") == "proposed"));
        Assert.Equal(130 * 10_000_000 + 125 * 800_000, await BalanceAsync("ACC"));
    }

    [Fact]
    public async Task Of_many_who_correct_the_same_at_once_one_does()
    {
        var (exception, deposit) = await PlantAsync(10_400_000, 10_000_000);

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            using var response = await (i % 2 == 0 ? _desk.Anna : _desk.Berta).ActAsync(
                $"/exceptions/{exception}/adjustments", Reason);
            return (int)response.StatusCode;
        }));

        Assert.Equal(1, answers.Count(status => status == 201));
        Assert.Equal(9, answers.Count(status => status == 409));
        Assert.Equal(4, (await EntriesAsync(deposit)).Count);
    }

    [Fact]
    public async Task Approved_and_rejected_at_once_it_is_one_of_both()
    {
        for (var i = 0; i < 5; i++)
        {
            var (exception, deposit) = await PlantAsync(10_400_000, 7_000_000);
            var id = Id(await _desk.Anna.DoAsync($"/exceptions/{exception}/adjustments", Reason));

            var answers = await Task.WhenAll(
                _desk.Berta.ActAsync($"/adjustments/{id}/approve"), _desk.Anna.ActAsync($"/adjustments/{id}/reject"));

            Assert.Equal([200, 409], answers.Select(answer => (int)answer.StatusCode).Order());
            Assert.Equal(answers[0].IsSuccessStatusCode ? 4 : 0, (await EntriesAsync(deposit)).Count);
        }
    }

    [Fact]
    public async Task What_is_no_remainder_is_not_correctable()
    {
        var missing = await _desk.Database.PlantAsync(new PlantedException("deposits", "missing_deposit"));
        var provider = await _desk.Database.PlantAsync(new PlantedException("circle_balance", "balance_mismatch"));
        var (exact, _) = await PlantAsync(10_000_000, 10_000_000);

        foreach (var exception in (Guid[])[missing, provider, exact])
        {
            Assert.Equal(
                "422 not_correctable",
                await _desk.Anna.RefusedAsync($"/exceptions/{exception}/adjustments", Reason));
            Assert.Equal(
                "422 not_correctable",
                await _desk.Anna.RefusedAsync($"/exceptions/{exception}/adjustments", Rebuild));
        }

        Assert.Equal("422 unprocessable", await _desk.Anna.RefusedAsync($"/exceptions/{exact}/adjustments"));
        Assert.Equal(
            "422 unprocessable",
            await _desk.Anna.RefusedAsync($"/exceptions/{exact}/adjustments", """{"kind":"delete","reason":"No."}"""));
        Assert.Equal(
            "409 exception_changed",
            await _desk.Anna.RefusedAsync(
                $"/exceptions/{exact}/adjustments", """{"reason":"The remainder is ours.","version":7}"""));
        await _desk.Anna.DoAsync($"/exceptions/{exact}/resolve");
        Assert.Equal(
            "409 exception_over", await _desk.Anna.RefusedAsync($"/exceptions/{exact}/adjustments", Reason));
        foreach (var path in (string[])["approve", "reject", "undo"])
        {
            Assert.Equal("404 adjustment_not_found", await _desk.Anna.RefusedAsync($"/adjustments/{exact}/{path}"));
            Assert.Equal("404 adjustment_not_found", await _desk.Anna.RefusedAsync($"/adjustments/7/{path}"));
        }
    }

    [Fact]
    public async Task An_account_row_is_rebuilt_from_its_entries_by_two_people_even_when_little_is_wrong()
    {
        await PlantAsync(10_000_000, 10_000_000);
        var exception = await _desk.Database.PlantAccountRowAsync("ACC", 1);
        await _desk.Database.ExecuteAsync(
            "UPDATE accounts SET position = 9, last_entry_at = '-infinity' WHERE name = 'ACC'");

        var id = Id(await _desk.Anna.DoAsync($"/exceptions/{exception}/adjustments", Rebuild));
        Assert.Equal("403 own_proposal", await _desk.Anna.RefusedAsync($"/adjustments/{id}/approve"));
        Assert.Equal(10_000_001, await BalanceAsync("ACC"));
        var approved = await _desk.Berta.DoAsync($"/adjustments/{id}/approve");

        Assert.Equal("posted -0.000001", approved.Text("status", "amount"));
        Assert.True(await _desk.Database.ScalarAsync<bool>("""
            SELECT a.balance = 10000000 AND a.position = 1 AND a.last_entry_at = e.created_at
            FROM accounts AS a JOIN ledger_entries AS e ON e.account_id = a.id
            WHERE a.name = 'ACC'
            """));
        Assert.Equal("resolved: adjustment_proposed adjustment_posted", await _desk.Database.StoryAsync(exception));
        Assert.Equal("409 not_undoable", await _desk.Anna.RefusedAsync($"/adjustments/{id}/undo"));
    }

    [Fact]
    public async Task An_account_whose_entries_do_not_replay_is_not_rebuilt()
    {
        await PlantAsync(10_000_000, 10_000_000);
        var exception = await _desk.Database.PlantAccountRowAsync("ACC", 7);
        var id = Id(await _desk.Anna.DoAsync($"/exceptions/{exception}/adjustments", Rebuild));
        await _desk.Database.ExecuteAsync("""
            SET session_replication_role = replica;
            UPDATE ledger_entries SET balance_after = balance_after + 1 WHERE amount > 0;
            RESET session_replication_role
            """);

        var approved = await _desk.Berta.DoAsync($"/adjustments/{id}/approve");

        Assert.Equal("failed The entries of the account do not replay.", approved.Text("status", "failure"));
        Assert.Equal(10_000_007, await BalanceAsync("ACC"));
        Assert.Equal(
            "422 not_correctable", await _desk.Anna.RefusedAsync($"/exceptions/{exception}/adjustments", Rebuild));
    }

    [Fact]
    public async Task Corrections_are_listed_newest_first_and_filtered()
    {
        var (small, _) = await PlantAsync(10_400_000, 10_000_000);
        var (large, _) = await PlantAsync(10_400_000, 7_000_000);
        var posted = Id(await _desk.Anna.DoAsync($"/exceptions/{small}/adjustments", Reason));
        var proposed = Id(await _desk.Anna.DoAsync($"/exceptions/{large}/adjustments", Reason));

        Assert.Equal([proposed, posted], await IdsAsync(""));
        Assert.Equal([posted], await IdsAsync($"?starting_after={proposed}"));
        Assert.Equal([proposed], await IdsAsync("?status=proposed"));
        Assert.Equal([posted], await IdsAsync($"?exception_id={small}&kind=adjustment"));
        Assert.Equal(posted, Id(await _desk.Anna.GetJsonAsync($"{Desk.Root}/adjustments/{posted}")));
        using var wrong = await _desk.Anna.GetAsync($"{Desk.Root}/adjustments?status=open", Cancel);
        Assert.Equal(400, (int)wrong.StatusCode);
    }

    private Task<(Guid Exception, Guid Deposit)> PlantAsync(long said, long posted) =>
        _desk.Database.PlantDepositAsync("ACC", said, posted);

    private Task<long> BalanceAsync(string account) => _desk.Database.ScalarAsync<long>(
        "SELECT balance FROM accounts WHERE name = @account AND currency = 'USDC'", new { account });

    private Task<IReadOnlyList<string>> EntriesAsync(Guid corrected) => _desk.Database.QueryAsync<string>("""
        SELECT t.kind || ' ' || a.name || ' ' || e.amount
        FROM ledger_transactions AS t
        JOIN ledger_entries AS e ON e.transaction_id = t.id
        JOIN accounts AS a ON a.id = e.account_id
        WHERE t.corrects = @corrected
        ORDER BY 1
        """, new { corrected });

    private Task<IReadOnlyList<string>> AuditAsync(string id) => _desk.Database.QueryAsync<string>("""
        SELECT actor || ' ' || action || ' ' || outcome
        FROM audit_events
        WHERE object_type = 'reconciliation_adjustment' AND object_id = @id
        ORDER BY id
        """, new { id });

    private async Task<List<string>> IdsAsync(string query) =>
    [
        .. (await _desk.Anna.GetJsonAsync($"{Desk.Root}/adjustments{query}")).GetProperty("data").EnumerateArray()
            .Select(Id),
    ];

    private static string Id(JsonElement item) => item.GetProperty("id").GetString()!;
}
