using System.Globalization;

namespace Payments.Ledger.Tests;

public sealed class TimeOrderedIdTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Ids_are_in_the_order_of_their_moments_within_a_millisecond_and_across_its_end()
    {
        // A quarter of a microsecond is 2.44 ticks: three ticks apart is another part of the millisecond.
        var moments = Enumerable.Range(0, 10_000).Select(i => Noon.AddTicks(3L * i)).ToList();

        var ids = moments.ConvertAll(TimeOrderedId.New);

        // As PostgreSQL orders them: by their bytes, as they are written.
        Assert.Equal(ids.Select(id => id.ToString()).Order(StringComparer.Ordinal), ids.Select(id => id.ToString()));
    }

    [Fact]
    public void Ids_of_one_moment_differ_and_begin_with_its_milliseconds()
    {
        var ids = Enumerable.Range(0, 1_000).Select(_ => TimeOrderedId.New(Noon)).ToList();

        Assert.Equal(ids.Count, ids.Distinct().Count());
        var milliseconds = Noon.ToUnixTimeMilliseconds().ToString("x12", CultureInfo.InvariantCulture);
        Assert.All(ids, id =>
        {
            Assert.StartsWith(milliseconds, id.ToString("N"), StringComparison.Ordinal);
            Assert.Equal((7, 0b10), (id.Version, id.Variant >> 2));
        });
    }
}
