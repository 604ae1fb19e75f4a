using Payments.Ledger.Jobs;

namespace Payments.Ledger.Tests.Jobs;

public sealed class DivisionTests
{
    // Stored on jobs: a change of the hash would spread the open jobs of an account over two divisions.
    [Theory]
    [InlineData("ACC-001", 48)]
    [InlineData("account-123", 16)]
    public void An_account_stays_in_its_division(string account, short division) =>
        Assert.Equal(division, Division.Of(account));

    [Fact]
    public void Accounts_are_spread_over_all_divisions()
    {
        var sizes = Enumerable.Range(0, 64_000)
            .GroupBy(i => Division.Of($"ACC-{i}"))
            .Select(group => group.Count())
            .ToList();

        Assert.Equal(Division.Count, sizes.Count);
        Assert.All(sizes, size => Assert.InRange(size, 700, 1_300));
    }
}
