using Recon.Worker.Reconciliation.Continuous;

namespace Recon.Worker.Tests.Reconciliation.Continuous;

public sealed class ContinuousOptionsTests
{
    [Theory]
    [InlineData(0.1, 2)]
    [InlineData(0.3, 2.7)]
    [InlineData(0.5, 3.5)]
    [InlineData(0.9, 2.7)]
    [InlineData(3, 2)]
    public void A_pass_is_followed_by_nine_times_its_length_as_long_as_a_wrong_entry_is_named_in_time(
        double worked, double rest) =>
        Assert.Equal(rest, new ContinuousOptions().RestAfterPass(TimeSpan.FromSeconds(worked)).TotalSeconds, 3);
}
