using Recon.Worker.Pausing;

namespace Recon.Worker.Tests.Pausing;

public sealed class PauseSwitchTests
{
    private readonly PauseSwitch _pause = new(TimeProvider.System);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_claimed_before_the_database_has_said_that_it_may_be()
    {
        Assert.False(_pause.IsOpen);
        Assert.False(await _pause.HaltAsync(TimeSpan.FromMilliseconds(1), Cancel));

        Assert.True(_pause.Set(paused: false));

        Assert.Equal((true, false), (_pause.IsOpen, _pause.IsHalted));
    }

    [Fact]
    public async Task Who_rests_goes_on_as_soon_as_the_pause_ends_and_rests_again_at_the_next()
    {
        for (var pause = 1; pause <= 2; pause++)
        {
            _pause.Set(paused: true);
            var resting = _pause.HaltAsync(TimeSpan.FromMinutes(1), Cancel);
            Assert.Equal((false, true, false), (_pause.IsOpen, _pause.IsHalted, resting.IsCompleted));

            Assert.True(_pause.Set(paused: false));

            Assert.True(await resting);
            Assert.Equal((true, false), (_pause.IsOpen, _pause.IsHalted));
        }
    }

    [Fact]
    public void To_be_told_the_same_again_is_no_news()
    {
        Assert.True(_pause.Set(paused: true));
        Assert.False(_pause.Set(paused: true));
        Assert.True(_pause.Set(paused: false));
        Assert.False(_pause.Set(paused: false));
    }
}
