extern alias worker;

using Dapper;
using Payments.Ledger.Reconciliation;
using worker::Recon.Worker.Reconciliation;

namespace Payments.Api.Tests.Reconciliation.Exceptions;

/// <summary>People who act on many exceptions while checks record what they see of the same ones.</summary>
public sealed class BulkRaceTests : IAsyncLifetime
{
    private const int Count = 30;

    private const string Waiting = """
        SELECT count(*) = @waiting
        FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'
        """;

    private readonly Desk _desk = new();
    private readonly RecordBreaks _record = new(new DueTimes());

    // Keys in the opposite order of ids and numbers: nobody gets the right order by chance.
    private readonly string[] _keys =
        [.. Enumerable.Range(0, Count).Select(i => FormattableString.Invariant($"key/{Count - i:D3}"))];

    private string[] _ids = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _desk.InitializeAsync();
        var ids = new List<string>();
        foreach (var key in _keys)
        {
            ids.Add((await _desk.Database.PlantAsync(new PlantedException(CheckType.Deposits, "k")
            {
                Key = key,
                Severity = "high",
                Expected = 100,
                Actual = 140,
            })).ToString());
        }

        _ids = [.. ids];
    }

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    // Somebody holds one in the middle: whoever comes has by then all on one side of it, and wants the other side.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_bulk_action_and_a_look_that_meet_half_way_take_turns(bool bulkComesFirst)
    {
        await using var holder = await _desk.Database.Superuser.OpenConnectionAsync(Cancel);
        await using var hold = await holder.BeginTransactionAsync(Cancel);
        await holder.ExecuteAsync(
            "SELECT FROM reconciliation_exceptions WHERE break_key = @key FOR UPDATE",
            new { key = _keys[Count / 2] });

        var first = bulkComesFirst ? AssignAsync(_ids, "anna") : LookAsync(_keys);
        await _desk.Database.UntilAsync(Waiting, new { waiting = 1 });
        var second = bulkComesFirst ? LookAsync(_keys) : AssignAsync(_ids, "anna");
        await _desk.Database.UntilAsync(Waiting, new { waiting = 2 });
        await hold.RollbackAsync(Cancel);
        await Task.WhenAll(first, second);

        Assert.Equal(
            ["anna 2"],
            await _desk.Database.QueryAsync<string>(
                "SELECT DISTINCT assignee || ' ' || sightings FROM reconciliation_exceptions"));
    }

    [Fact]
    public async Task Many_bulk_actions_and_looks_at_once_all_end()
    {
        var random = new Random(20260301);
        var work = new List<Task>();
        for (var i = 0; i < 12; i++)
        {
            var (ids, keys) = (_ids.ToArray(), _keys.ToArray());
            random.Shuffle(ids);
            random.Shuffle(keys);
            work.Add(AssignAsync(ids, FormattableString.Invariant($"a{i}")));

            // Every other look misses a third of them, which closes those, and finds some that are new.
            work.Add(LookAsync(i % 2 == 0
                ? keys
                : [.. keys.Take(2 * Count / 3), FormattableString.Invariant($"key/new/{i}"), "key/new"]));
        }

        await Task.WhenAll(work);

        Assert.Equal(
            Count + 7, await _desk.Database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_exceptions"));
    }

    private async Task AssignAsync(IEnumerable<string> ids, string assignee)
    {
        var body = JsonSerializer.Serialize(new { action = "assign", assignee, ids });
        var done = await _desk.Anna.DoAsync("/exceptions/bulk", body);
        Assert.Equal(Count, done.GetProperty("results").GetArrayLength());
    }

    private async Task LookAsync(IEnumerable<string> keys)
    {
        var context = new SightingContext(
            Guid.CreateVersion7(), CheckType.Deposits, BreakScope.OfRun, TimeProvider.System.GetUtcNow());
        Break[] breaks =
        [
            .. keys.Select(key => new Break("k", key, "Something is wrong.", "high") { Expected = 100, Actual = 140 }),
        ];
        await using var connection = await _desk.Database.App.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await _record.RecordAsync(connection, context, new CheckResult([], breaks, breaks.Length), Cancel);
        await transaction.CommitAsync(Cancel);
    }
}
