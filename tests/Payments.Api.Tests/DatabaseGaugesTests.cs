using Microsoft.Extensions.Logging.Abstractions;

namespace Payments.Api.Tests;

public sealed class DatabaseGaugesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // A connection that is found broken gives another exception than a database that is away.
    [Fact]
    public async Task What_cannot_be_read_is_forgotten_and_read_again_later()
    {
        using var gauges = new BrokenAtFirst();
        await gauges.StartAsync(Cancel);

        await gauges.ReadAgain.WaitAsync(TimeSpan.FromMinutes(1), Cancel);

        Assert.True(gauges.IsForgotten);
        await gauges.StopAsync(Cancel);
    }

    private sealed class BrokenAtFirst()
        : DatabaseGauges(TimeSpan.FromMilliseconds(1), TimeProvider.System, NullLogger.Instance)
    {
        private readonly TaskCompletionSource _readAgain = new();
        private int _reads;

        public bool IsForgotten { get; private set; }

        public Task ReadAgain => _readAgain.Task;

        public override Task RefreshAsync(CancellationToken cancel)
        {
            if (++_reads == 1)
            {
                throw new InvalidOperationException("The connection is broken.");
            }

            _readAgain.TrySetResult();
            return Task.CompletedTask;
        }

        protected override void Forget() => IsForgotten = true;
    }
}
