using Payments.Testing.Faults;

namespace Payments.AppHost.Tests.Faults;

public sealed class ProcessSignalsTests
{
    // A replica that does not run has the id zero. Resuming harms nobody should the signal be sent all the same.
    [Theory]
    [InlineData(0)]
    [InlineData(int.MinValue)]
    public void A_signal_to_no_process_is_refused_before_it_reaches_a_group_of_them(int pid)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ProcessSignals.Resume(pid));
    }
}
