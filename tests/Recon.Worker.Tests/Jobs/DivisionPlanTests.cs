using Payments.Ledger.Jobs;
using Recon.Worker.Jobs;

namespace Recon.Worker.Tests.Jobs;

public sealed class DivisionPlanTests
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(10);

    private readonly Clock _clock = new();

    [Fact]
    public void Shares_cover_every_division_once_and_a_full_look_covers_them_all()
    {
        var plans = Enumerable.Range(0, 3).Select(rank =>
        {
            var plan = new DivisionPlan(_clock, Poll);
            plan.Share(rank, 3);
            return plan;
        }).ToList();

        Assert.All(plans, plan => Assert.Equal(Everything, plan.Next().Divisions.Order()));
        Assert.Equal(Everything, plans.SelectMany(plan => plan.Next().Divisions).Order());
    }

    [Fact]
    public void What_was_claimed_is_passed_over_only_after_others_had_time_to_commit_before_it()
    {
        var plan = new DivisionPlan(_clock, Poll);
        plan.Claimed([Job(division: 7, sequence: 500)], plan.Next(), isFull: false);

        Assert.Equal(0, MarkOf(plan.Next(), division: 7));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, MarkOf(plan.Next(), division: 7));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(500, MarkOf(plan.Next(), division: 7));
    }

    [Fact]
    public void Every_poll_looks_at_all_divisions_from_their_beginning()
    {
        var plan = new DivisionPlan(_clock, Poll);
        plan.Share(0, 2);
        plan.Claimed([Job(division: 8, sequence: 500)], plan.Next(), isFull: false);
        for (var second = 0; second < 9; second++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(Division.Count / 2, plan.Next().Count);
        }

        _clock.Advance(TimeSpan.FromSeconds(1));
        var full = plan.Next();

        Assert.Equal(Everything, full.Divisions.Order());
        Assert.All(full.Marks, mark => Assert.Equal(0, mark));
    }

    [Fact]
    public void A_deep_division_does_not_keep_those_behind_it_waiting()
    {
        var plan = new DivisionPlan(_clock, Poll);
        var first = plan.Next();
        plan.Claimed([Job(division: 3, sequence: 1)], first, isFull: true);

        Assert.Equal(4, plan.Next().Divisions[0]);
    }

    [Fact]
    public void Who_finds_a_backlog_of_others_helps_them_until_there_is_none()
    {
        var plan = new DivisionPlan(_clock, Poll);
        plan.Share(0, 2);
        plan.Claimed([Job(division: 7, sequence: 500)], plan.Next(), isFull: true);

        var second = plan.Next();
        Assert.Equal(Everything.Where(IsOwn), second.Divisions.Take(Division.Count / 2).Order());
        Assert.Equal(9, second.Divisions[Division.Count / 2]);
        plan.Claimed([Job(division: 9, sequence: 501)], second, isFull: true);
        var third = plan.Next();
        Assert.Equal(Everything, third.Divisions.Order());
        plan.Claimed([Job(division: 11, sequence: 502)], third, isFull: false);

        Assert.All(plan.Next().Divisions, division => Assert.True(IsOwn(division)));
    }

    [Fact]
    public void Who_has_a_backlog_of_its_own_helps_nobody()
    {
        var plan = new DivisionPlan(_clock, Poll);
        plan.Share(0, 2);
        plan.Claimed([Job(division: 8, sequence: 500)], plan.Next(), isFull: true);

        Assert.All(plan.Next().Divisions, division => Assert.True(IsOwn(division)));
    }

    [Fact]
    public void Where_one_division_fills_two_batches_in_a_row_the_next_is_claimed_behind_the_last()
    {
        var plan = new DivisionPlan(_clock, Poll);
        plan.Claimed([Job(division: 7, sequence: 500)], plan.Next(), isFull: true);
        Assert.Null(plan.Ahead());
        plan.Claimed([Job(division: 7, sequence: 501)], plan.Next(), isFull: true);

        var ahead = plan.Ahead();

        Assert.NotNull(ahead);
        Assert.Equal([7], ahead.Divisions);
        Assert.Equal([501], ahead.Marks);
    }

    [Fact]
    public void Nothing_is_claimed_ahead_while_other_divisions_may_have_work_or_a_full_look_is_due()
    {
        var plan = new DivisionPlan(_clock, Poll);
        ClaimFull(7);
        ClaimFull(9);
        Assert.Null(plan.Ahead());
        ClaimFull(9);
        Assert.NotNull(plan.Ahead());

        plan.Claimed([Job(division: 9, sequence: 1)], plan.Next(), isFull: false);
        Assert.Null(plan.Ahead());
        ClaimFull(9);
        ClaimFull(9);
        Assert.NotNull(plan.Ahead());
        _clock.Advance(Poll);
        Assert.Null(plan.Ahead());

        ClaimFull(9);
        Assert.NotNull(plan.Ahead());
        plan.Forget();
        Assert.Null(plan.Ahead());

        void ClaimFull(short division) => plan.Claimed([Job(division, sequence: 1)], plan.Next(), isFull: true);
    }

    private static bool IsOwn(short division) => division % 2 == 0;

    private static IEnumerable<short> Everything => Enumerable.Range(0, Division.Count).Select(i => (short)i);

    private static long MarkOf(DivisionOrder order, short division) =>
        order.Marks[order.Divisions.ToList().IndexOf(division)];

    private static ClaimedJob Job(short division, long sequence) => new(
        Guid.Empty, Guid.Empty, sequence, division, 0, false, "payment", "ACC", null, 1, "USD", default, null);

    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan time) => _ticks += time.Ticks;
    }
}
