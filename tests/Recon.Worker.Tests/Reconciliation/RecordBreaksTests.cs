using Payments.Ledger.Reconciliation;
using Recon.Worker.Reconciliation;

namespace Recon.Worker.Tests.Reconciliation;

public sealed class RecordBreaksTests : IAsyncLifetime
{
    private readonly RecordedLooks _looks = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _looks.InitializeAsync();

    public ValueTask DisposeAsync() => _looks.DisposeAsync();

    [Fact]
    public async Task The_same_break_in_24_runs_is_one_exception_with_24_sightings()
    {
        for (var run = 0; run < 24; run++)
        {
            await _looks.RunAsync(Broken("a", actual: 140));
        }

        var row = await _looks.ReadAsync("a");
        Assert.Equal(
            ("open", 24, 40m, true, "low"),
            (row.Status, row.Sightings, row.Difference, row.Present, row.Severity));
        Assert.Equal(24, await _looks.CountAsync("reconciliation_sightings"));
        Assert.Equal(1, await _looks.CountAsync("reconciliation_exceptions WHERE resolved_at IS NULL"));
        Assert.Equal(["opened"], await _looks.StoryAsync("a"));
    }

    [Fact]
    public async Task The_documents_query_of_unresolved_exceptions_finds_it()
    {
        await _looks.RunAsync(Broken("a", severity: "high"), Broken("b", severity: "medium"));

        Assert.Equal(1, await _looks.CountAsync("""
            (
                SELECT break_key FROM reconciliation_exceptions
                WHERE severity IN ('high', 'critical') AND resolved_at IS NULL
                ORDER BY created_at DESC
            )
            """));
    }

    [Fact]
    public async Task An_exception_names_the_first_and_the_last_run_that_saw_it_and_keeps_the_sign()
    {
        var first = await _looks.RunAsync(Broken("a", actual: 60));
        var last = await _looks.RunAsync(Broken("a", actual: 60));

        var row = await _looks.ReadAsync("a");
        Assert.Equal((first, last, -40m), (row.FirstReportId, row.LastReportId, row.Difference));
    }

    [Fact]
    public async Task Continuous_looks_add_a_sighting_when_something_is_new_and_not_each_time()
    {
        await _looks.RecordAsync(BreakScope.Everything, Broken("a", actual: 140));
        await _looks.RecordAsync(BreakScope.Everything, Broken("a", actual: 140));
        var seenTwice = await _looks.ReadAsync("a");
        await _looks.RecordAsync(BreakScope.Everything, Broken("a", actual: 150));
        var seenChanged = await _looks.ReadAsync("a");

        Assert.Equal((1, null), (seenTwice.Sightings, seenTwice.FirstReportId));
        Assert.Equal((2, 50m), (seenChanged.Sightings, seenChanged.Difference));
        Assert.Equal(["opened", "changed"], await _looks.StoryAsync("a"));
    }

    [Fact]
    public async Task A_break_that_is_gone_closes_its_exception_and_opens_it_again_when_it_returns()
    {
        await _looks.RunAsync(Broken("a"), Broken("b"));
        var closing = await _looks.RecordAsync(BreakScope.OfRun, Broken("b"));
        var closed = await _looks.ReadAsync("a");
        var reopening = await _looks.RecordAsync(BreakScope.OfRun, Broken("a"), Broken("b"));
        var reopened = await _looks.ReadAsync("a");

        Assert.Equal((1, 0, 0, 1), (closing.Closed, closing.Reopened, reopening.Closed, reopening.Reopened));
        Assert.Equal(("closed", false), (closed.Status, closed.Present));
        Assert.Equal(("open", true, 1, 2), (reopened.Status, reopened.Present, reopened.Reopened, reopened.Sightings));
        Assert.Equal(["opened", "closed", "reopened"], await _looks.StoryAsync("a"));
        Assert.Equal(["opened"], await _looks.StoryAsync("b"));
    }

    [Theory]
    [InlineData("The provider is away.", 0)]
    [InlineData(null, 1)]
    public async Task A_look_that_could_not_tell_or_did_not_tell_all_closes_nothing(string? inconclusive, long more)
    {
        await _looks.RunAsync(Broken("a"));
        var recorded = await _looks.RecordAsync(
            _looks.Context(BreakScope.OfRun), new CheckResult([], [], 0, inconclusive) { MoreBreaks = more });

        Assert.Equal(0, recorded.Closed);
        Assert.Equal("open", (await _looks.ReadAsync("a")).Status);
    }

    [Fact]
    public async Task A_look_at_some_accounts_or_flows_closes_what_is_theirs_alone()
    {
        var flow = Guid.CreateVersion7();
        await _looks.RunAsync(
            Broken("one") with { AccountId = 1 }, Broken("two") with { AccountId = 2 },
            Broken("flow") with { FlowId = flow }, Broken("none"));
        await _looks.RecordAsync(BreakScope.OfAccounts([1]));
        await _looks.RecordAsync(BreakScope.OfAccounts([]));
        await _looks.RecordAsync(BreakScope.OfFlows([flow]));

        Assert.Equal(
            ["flow closed", "none open", "one closed", "two open"],
            await _looks.Database.QueryAsync<string>(
                "SELECT break_key || ' ' || status FROM reconciliation_exceptions ORDER BY break_key"));
    }

    [Fact]
    public async Task A_check_closes_no_exception_of_another_check()
    {
        await _looks.RunAsync(Broken("a"));
        await _looks.RecordAsync(
            _looks.Context(BreakScope.OfRun) with { CheckType = CheckType.Deposits }, new CheckResult([], [], 1));

        Assert.Equal("open", (await _looks.ReadAsync("a")).Status);
    }

    [Fact]
    public async Task One_that_a_person_resolved_stays_resolved_while_the_break_is_as_it_was()
    {
        await _looks.RunAsync(Broken("a", actual: 140));
        await _looks.ResolveAsync("a");
        var recorded = await _looks.RecordAsync(BreakScope.OfRun, Broken("a", actual: 140));

        var row = await _looks.ReadAsync("a");
        Assert.Equal(0, recorded.Reopened);
        Assert.Equal(("resolved", 2, true), (row.Status, row.Sightings, row.Present));
    }

    [Fact]
    public async Task One_that_a_person_resolved_opens_again_when_the_difference_is_another()
    {
        await _looks.RunAsync(Broken("a", actual: 140));
        await _looks.ResolveAsync("a");
        await _looks.RunAsync(Broken("a", actual: 141));

        var row = await _looks.ReadAsync("a");
        Assert.Equal(("open", 41m, null), (row.Status, row.Difference, row.ResolvedBy));
    }

    [Fact]
    public async Task A_look_that_does_not_know_the_difference_changes_and_reopens_nothing()
    {
        var vague = Broken("a") with { Expected = null, Actual = null };
        await _looks.RunAsync(Broken("a", actual: 140));
        await _looks.RecordAsync(BreakScope.OfAccounts([]), vague);
        var open = await _looks.ReadAsync("a");
        await _looks.ResolveAsync("a");
        await _looks.RecordAsync(BreakScope.OfAccounts([]), vague);

        Assert.Equal(("open", 40m, 1), (open.Status, open.Difference, open.Sightings));
        Assert.Equal("resolved", (await _looks.ReadAsync("a")).Status);
        Assert.Equal(["opened"], await _looks.StoryAsync("a"));
    }

    [Fact]
    public async Task One_that_a_person_resolved_opens_again_when_the_break_was_gone_and_returns()
    {
        await _looks.RunAsync(Broken("a"));
        await _looks.ResolveAsync("a");
        await _looks.RunAsync();
        var gone = await _looks.ReadAsync("a");
        await _looks.RunAsync(Broken("a"));

        Assert.Equal(("resolved", false, "someone"), (gone.Status, gone.Present, gone.ResolvedBy));
        Assert.Equal("open", (await _looks.ReadAsync("a")).Status);
        Assert.Equal(["opened", "gone", "reopened"], await _looks.StoryAsync("a"));
    }

    [Fact]
    public async Task A_break_that_grows_escalates_and_is_due_earlier_and_one_that_shrinks_is_not_due_later()
    {
        await _looks.RunAsync(Broken("a", severity: "low"));
        var low = await _looks.ReadAsync("a");
        await _looks.RunAsync(Broken("a", actual: 9_999_999, severity: "critical"));
        var critical = await _looks.ReadAsync("a");
        await _looks.RunAsync(Broken("a", severity: "low"));
        var again = await _looks.ReadAsync("a");

        Assert.Equal(TimeSpan.FromHours(72), low.DueAt - low.LastSeenAt);
        Assert.Equal(TimeSpan.FromHours(1), critical.DueAt - critical.LastSeenAt);
        Assert.Equal(critical.DueAt, again.DueAt);
        Assert.Equal("low", again.Severity);
        Assert.Equal(["opened", "escalated", "changed"], await _looks.StoryAsync("a"));
    }

    [Fact]
    public async Task A_mere_sighting_leaves_the_version_that_operators_act_on()
    {
        await _looks.RunAsync(Broken("a", actual: 140));
        await _looks.RunAsync(Broken("a", actual: 140));
        var seen = await _looks.ReadAsync("a");
        await _looks.RunAsync(Broken("a", actual: 141));

        Assert.Equal((1, 2), (seen.Version, (await _looks.ReadAsync("a")).Version));
    }

    [Fact]
    public async Task Recording_a_run_twice_changes_nothing()
    {
        var context = _looks.Context(BreakScope.OfRun);
        var result = new CheckResult([], [Broken("a"), Broken("a")], 1);
        await _looks.RecordAsync(context, result);
        await _looks.RecordAsync(context, result);

        Assert.Equal(1, (await _looks.ReadAsync("a")).Sightings);
        Assert.Equal(["opened"], await _looks.StoryAsync("a"));
    }

    [Fact]
    public async Task What_was_read_earlier_and_is_recorded_later_neither_closes_nor_reopens()
    {
        var older = _looks.Context(BreakScope.OfRun);
        await _looks.RunAsync(Broken("a", actual: 140), Broken("b"));
        await _looks.RunAsync(Broken("a", actual: 140));
        await _looks.RecordAsync(older, new CheckResult([], [Broken("a", actual: 190), Broken("b")], 1));
        await _looks.RecordAsync(older with { ReportId = Guid.CreateVersion7() }, new CheckResult([], [], 1));

        var row = await _looks.ReadAsync("a");
        Assert.Equal(("open", 40m, 3), (row.Status, row.Difference, row.Sightings));
        Assert.Equal("closed", (await _looks.ReadAsync("b")).Status);
    }

    [Fact]
    public async Task Twenty_runs_and_continuous_looks_at_once_make_one_exception_of_each_break()
    {
        var breaks = Enumerable.Range(0, 50).Select(i => Broken($"k{i}")).ToArray();
        var looks = Enumerable.Range(0, 20).SelectMany(i => new[]
        {
            (_looks.Context(BreakScope.OfRun), i % 2 == 0 ? breaks : [.. breaks.Reverse()]),
            (_looks.Context(BreakScope.OfAccounts([])), breaks[i..(i + 20)]),
        }).ToList();
        await Task.WhenAll(looks.Select(look => _looks.RecordAsync(look.Item1, new CheckResult([], look.Item2, 50))));

        Assert.Equal(50, await _looks.CountAsync("reconciliation_exceptions WHERE status = 'open'"));
        Assert.Equal(50, await _looks.CountAsync("""
            (
                SELECT e.id
                FROM reconciliation_exceptions AS e
                JOIN reconciliation_sightings AS s ON s.exception_id = e.id
                GROUP BY e.id
                HAVING count(*) = e.sightings AND count(*) BETWEEN 20 AND 21
            )
            """));
        Assert.Equal(50, await _looks.CountAsync("reconciliation_exception_events WHERE kind = 'opened'"));
    }

    [Fact]
    public async Task Looks_that_close_and_looks_that_reopen_at_once_end_in_one_of_both()
    {
        var breaks = Enumerable.Range(0, 50).Select(i => Broken($"k{i}")).ToArray();
        await _looks.RunAsync(breaks);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => _looks.RecordAsync(
            _looks.Context(BreakScope.OfRun), new CheckResult([], i % 2 == 0 ? [] : [.. breaks.Reverse()], 50))));
        await _looks.RunAsync();

        Assert.Equal(50, await _looks.CountAsync("reconciliation_exceptions WHERE status = 'closed' AND NOT present"));
        Assert.Equal(0, await _looks.CountAsync("reconciliation_exceptions WHERE sightings <> 11"));
    }

    [Fact]
    public async Task What_is_rolled_back_is_no_exception_and_no_alert()
    {
        await _looks.AddTargetAsync();
        await using (var connection = await _looks.Database.App.OpenConnectionAsync(Cancel))
        await using (await connection.BeginTransactionAsync(Cancel))
        {
            await _looks.Record.RecordAsync(
                connection, _looks.Context(BreakScope.OfRun), new CheckResult([], [Broken("a", severity: "high")], 1),
                Cancel);
        }

        Assert.Equal(0, await _looks.CountAsync("reconciliation_exceptions"));
        Assert.Equal(0, await _looks.CountAsync("webhook_events"));
    }

    private static Break Broken(string key, decimal actual = 140, string severity = "low") =>
        RecordedLooks.Broken(key, actual, severity);
}
