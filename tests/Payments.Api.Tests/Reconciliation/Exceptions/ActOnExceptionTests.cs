namespace Payments.Api.Tests.Reconciliation.Exceptions;

public sealed class ActOnExceptionTests : IAsyncLifetime
{
    private readonly Desk _desk = new();
    private Guid _id;

    public async ValueTask InitializeAsync()
    {
        await _desk.InitializeAsync();
        _id = await _desk.Database.PlantAsync(new PlantedException("deposits", "missing_deposit")
        {
            Account = "ACC-1",
            Expected = 1_00,
            Actual = 60,
        });
    }

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Fact]
    public async Task It_is_resolved_as_stated_and_by_the_owner_of_the_key()
    {
        var resolved = await _desk.Anna.DoAsync(
            $"/exceptions/{_id}/resolve",
            """{"resolved_by":"admin@example.com","notes":"Investigated - due to pending conversion"}""");

        Assert.Equal(
            "resolved admin@example.com anna Investigated - due to pending conversion -0.40 2",
            resolved.Text("status", "resolved_by", "resolved_by_key", "notes", "resolved_difference", "version"));
        Assert.Equal("resolved: resolved", await _desk.Database.StoryAsync(_id));
        Assert.Equal(
            ["anna exception.resolved succeeded ACC-1 admin@example.com"],
            await AuditAsync("' ' || account || ' ' || (details ->> 'resolvedBy')"));
    }

    [Fact]
    public async Task It_goes_through_many_hands_and_each_is_in_its_story()
    {
        await _desk.Anna.DoAsync($"/exceptions/{_id}/acknowledge");
        await _desk.Anna.DoAsync($"/exceptions/{_id}/assign", """{"assignee":"berta"}""");
        await _desk.Berta.DoAsync($"/exceptions/{_id}/comments", """{"text":"It was\nlate."}""");
        await _desk.Berta.DoAsync($"/exceptions/{_id}/resolve", """{"notes":"Late."}""");
        await _desk.Anna.DoAsync($"/exceptions/{_id}/comments", """{"text":"Not so fast."}""");
        var reopened = await _desk.Anna.DoAsync($"/exceptions/{_id}/reopen", """{"notes":"Not late."}""");

        Assert.Equal(
            "open 1 berta   ", reopened.Text("status", "reopened", "assignee", "resolved_at", "resolved_by", "notes"));
        Assert.Equal(
            "open: acknowledged assigned commented resolved commented reopened",
            await _desk.Database.StoryAsync(_id));
        Assert.Equal(6, (await AuditAsync("''")).Count);
        Assert.Equal("", (await _desk.Anna.DoAsync($"/exceptions/{_id}/assign")).Text("assignee"));
    }

    [Fact]
    public async Task To_ask_again_for_what_is_so_changes_nothing()
    {
        foreach (var (action, body) in new[]
        {
            ("acknowledge", """{"version":1}"""),
            ("assign", """{"assignee":"anna","version":2}"""),
            ("resolve", """{"resolved_by":"Anna","notes":"Done.","version":3}"""),
            ("reopen", """{"version":4}"""),
        })
        {
            var first = await _desk.Anna.DoAsync($"/exceptions/{_id}/{action}", body);
            var second = await _desk.Anna.DoAsync($"/exceptions/{_id}/{action}", body);
            Assert.Equal(first.GetRawText(), second.GetRawText());
        }

        Assert.Equal("open: acknowledged assigned resolved reopened", await _desk.Database.StoryAsync(_id));
    }

    [Theory]
    [InlineData("acknowledge", """{"notes":"Once."}""", """{"notes":"Other."}""", "acknowledged: acknowledged")]
    [InlineData("assign", """{"assignee":"anna"}""", """{"assignee":"berta"}""", "open: assigned")]
    [InlineData("comments", """{"text":"Once."}""", """{"text":"Other."}""", "open: commented")]
    [InlineData("resolve", """{"notes":"Once."}""", """{"notes":"Other."}""", "resolved: resolved")]
    public async Task What_is_done_under_a_key_is_done_once_and_nothing_else_is_done_under_it(
        string action, string body, string otherBody, string story)
    {
        var path = $"/exceptions/{_id}/{action}";

        var first = await _desk.Anna.ToldAsync(path, body, "one");
        var again = await _desk.Anna.ToldAsync(path, body, "one");
        var other = await _desk.Anna.ToldAsync(path, otherBody, "one");

        Assert.StartsWith("200 ", first, StringComparison.Ordinal);
        Assert.Equal(first + " replayed", again);
        Assert.StartsWith("422 ", other, StringComparison.Ordinal);
        Assert.Contains("idempotency_key_reused", other, StringComparison.Ordinal);
        Assert.Equal(story, await _desk.Database.StoryAsync(_id));
    }

    [Fact]
    public async Task A_request_that_arrives_late_under_its_key_does_not_undo_what_was_done_since()
    {
        await _desk.Anna.DoAsync($"/exceptions/{_id}/resolve");
        await _desk.Anna.ToldAsync($"/exceptions/{_id}/reopen", """{"version":2}""", "reopen");
        await _desk.Anna.DoAsync($"/exceptions/{_id}/resolve");

        var late = await _desk.Anna.ToldAsync($"/exceptions/{_id}/reopen", """{"version":2}""", "reopen");

        Assert.EndsWith(" replayed", late, StringComparison.Ordinal);
        Assert.Equal("resolved: resolved reopened resolved", await _desk.Database.StoryAsync(_id));
    }

    [Fact]
    public async Task A_comment_on_several_under_a_key_is_added_once_to_each()
    {
        var second = await _desk.Database.PlantAsync(new PlantedException("deposits", "k"));
        string Bulk(string text) => $$"""{"action":"comment","ids":["{{_id}}","{{second}}"],"text":"{{text}}"}""";

        var first = await _desk.Anna.ToldAsync("/exceptions/bulk", Bulk("Once."), "one");
        var again = await _desk.Anna.ToldAsync("/exceptions/bulk", Bulk("Once."), "one");
        var other = await _desk.Anna.ToldAsync("/exceptions/bulk", Bulk("Other."), "one");

        Assert.Contains("\"changed\":2", first, StringComparison.Ordinal);
        Assert.Equal(first + " replayed", again);
        Assert.Contains("idempotency_key_reused", other, StringComparison.Ordinal);
        Assert.Equal("open: commented", await _desk.Database.StoryAsync(_id));
        Assert.Equal("open: commented", await _desk.Database.StoryAsync(second));
    }

    [Fact]
    public async Task The_key_of_one_person_is_not_that_of_another()
    {
        await _desk.Anna.ToldAsync($"/exceptions/{_id}/comments", """{"text":"Mine."}""", "one");

        var other = await _desk.Berta.ToldAsync($"/exceptions/{_id}/comments", """{"text":"Mine too."}""", "one");

        Assert.StartsWith("200 ", other, StringComparison.Ordinal);
        Assert.Equal("open: commented commented", await _desk.Database.StoryAsync(_id));
    }

    [Fact]
    public async Task Who_acts_on_what_another_has_changed_meanwhile_is_told()
    {
        await _desk.Anna.DoAsync($"/exceptions/{_id}/assign", """{"assignee":"anna","version":1}""");

        Assert.Equal(
            "409 exception_changed",
            await _desk.Berta.RefusedAsync($"/exceptions/{_id}/assign", """{"assignee":"berta","version":1}"""));
        await _desk.Anna.DoAsync($"/exceptions/{_id}/resolve", """{"version":2}""");
        Assert.Equal("409 exception_over", await _desk.Berta.RefusedAsync($"/exceptions/{_id}/resolve"));
        Assert.Equal("409 exception_over", await _desk.Berta.RefusedAsync($"/exceptions/{_id}/acknowledge"));
        Assert.Equal(
            "409 exception_over",
            await _desk.Berta.RefusedAsync($"/exceptions/{_id}/assign", """{"assignee":"berta"}"""));

        Assert.Equal(
            [
                "anna exception.assigned succeeded", "berta exception.assigned refused",
                "anna exception.resolved succeeded", "berta exception.resolved refused",
                "berta exception.acknowledged refused", "berta exception.assigned refused",
            ],
            await AuditAsync("''"));
    }

    [Fact]
    public async Task Of_many_who_resolve_at_once_one_does()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(async i =>
        {
            using var response = await (i % 2 == 0 ? _desk.Anna : _desk.Berta).ActAsync(
                $"/exceptions/{_id}/resolve", $$"""{"notes":"by {{i}}","version":1}""");
            return (int)response.StatusCode;
        }));

        Assert.Equal(1, answers.Count(status => status == 200));
        Assert.Equal(11, answers.Count(status => status == 409));
        Assert.Equal("resolved: resolved", await _desk.Database.StoryAsync(_id));
    }

    [Fact]
    public async Task Targets_are_told_what_became_of_one_that_matters_and_not_of_others()
    {
        var high = await _desk.Database.PlantAsync(new PlantedException("deposits", "k") { Severity = "high" });
        foreach (var id in (Guid[])[_id, high])
        {
            await _desk.Anna.DoAsync($"/exceptions/{id}/resolve");
            await _desk.Anna.DoAsync($"/exceptions/{id}/reopen");
        }

        Assert.Equal(
            [$"reconciliation.exception.resolved {high}", $"reconciliation.exception.reopened {high}"],
            await _desk.Database.QueryAsync<string>(
                "SELECT type || ' ' || exception_id FROM webhook_events ORDER BY created_at"));
    }

    [Fact]
    public async Task Several_are_done_in_one_transaction_and_each_has_its_outcome()
    {
        var second = await _desk.Database.PlantAsync(new PlantedException("deposits", "k"));
        var over = await _desk.Database.PlantAsync(new PlantedException("withdrawals", "k"));
        await _desk.Berta.DoAsync($"/exceptions/{over}/resolve");
        var body = $$"""
            {"action":"resolve","ids":["{{over}}","{{_id}}","01a1fcaa-a6b4-729a-879b-9da3d8101381","7","{{second}}"],
            "resolved_by":"Anna","notes":"Month end"}
            """;

        var first = await _desk.Anna.DoAsync("/exceptions/bulk", body);
        var again = await _desk.Anna.DoAsync("/exceptions/bulk", body);

        Assert.Equal("2 0 3", first.Text("changed", "unchanged", "refused"));
        Assert.Equal("0 2 3", again.Text("changed", "unchanged", "refused"));
        Assert.Equal(
            [
                "refused exception_over resolved", "changed  resolved", "refused exception_not_found ",
                "refused exception_not_found ", "changed  resolved",
            ],
            first.GetProperty("results").EnumerateArray().Select(one => one.Text("outcome", "code", "status")));
        Assert.Equal("resolved: resolved", await _desk.Database.StoryAsync(second));
    }

    [Fact]
    public async Task What_is_refused_of_several_is_in_the_audit_trail_beside_what_is_done()
    {
        var other = await _desk.Database.PlantAsync(new PlantedException("deposits", "k"));
        await _desk.Berta.DoAsync($"/exceptions/{_id}/resolve");

        await _desk.Anna.ToldAsync(
            "/exceptions/bulk", $$"""{"action":"acknowledge","ids":["{{_id}}","{{other}}"]}""", "one");

        Assert.Equal(
            ["berta exception.resolved succeeded ", "anna exception.acknowledged refused exception_over"],
            await AuditAsync("' ' || coalesce(details ->> 'code', '')"));
        Assert.Equal("acknowledged: acknowledged", await _desk.Database.StoryAsync(other));
    }

    [Fact]
    public async Task Bulks_that_cross_do_not_keep_each_other_from_ending()
    {
        var ids = new List<string>();
        for (var i = 0; i < 40; i++)
        {
            var planted = new PlantedException(i % 2 == 0 ? "deposits" : "withdrawals", "k");
            ids.Add($"\"{await _desk.Database.PlantAsync(planted)}\"");
        }

        string[] orders = [string.Join(',', ids), string.Join(',', Enumerable.Reverse(ids))];
        var bulks = Enumerable.Range(0, 8).Select(i => _desk.Anna.DoAsync(
            "/exceptions/bulk", $$"""{"action":"assign","assignee":"a{{i}}","ids":[{{orders[i % 2]}}]}"""));

        Assert.All(await Task.WhenAll(bulks), done => Assert.Equal("0", done.Text("refused")));
    }

    private Task<IReadOnlyList<string>> AuditAsync(string more) => _desk.Database.QueryAsync<string>(
        $"""
        SELECT actor || ' ' || action || ' ' || outcome || {more}
        FROM audit_events
        WHERE object_type = 'reconciliation_exception' AND object_id = @id
        ORDER BY id
        """,
        new { id = _id.ToString() });
}
