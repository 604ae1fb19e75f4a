namespace Payments.Testing;

/// <summary>
/// Lets one of the large test projects run at a time. Each of them keeps the whole machine busy, and what a test waits
/// for, or measures, is not to depend on which other happens to run beside it. The solution lists them before the small
/// ones, and last of them the one that waits for processes most of its time: the small ones then run beside that.
/// </summary>
public sealed class MachineTurn : Xunit.IAsyncLifetime
{
    private static readonly TimeSpan LookDelay = TimeSpan.FromMilliseconds(100);

    // Locked while it is open: the end of the process gives the turn back, however it ends.
    private FileStream? _turn;

    public async ValueTask InitializeAsync()
    {
        var path = Path.Combine(Path.GetTempPath(), $"payments-tests-{Environment.UserName}.turn");
        while (_turn is null)
        {
            try
            {
                _turn = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(LookDelay, Xunit.TestContext.Current.CancellationToken);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_turn is not null)
        {
            await _turn.DisposeAsync();
        }
    }
}
