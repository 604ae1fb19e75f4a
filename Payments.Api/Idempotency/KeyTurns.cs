using System.Collections.Concurrent;

namespace Payments.Api.Idempotency;

/// <summary>
/// Lets requests with equal keys that meet in this process go one after the other: those behind the first find its
/// answer, and hold no connection while they wait for it.
/// </summary>
internal sealed class KeyTurns
{
    private readonly ConcurrentDictionary<KeyScope, Turn> _turns = new();

    /// <summary>Waits for the key to be free; it is held until what is returned is disposed.</summary>
    public async ValueTask<IDisposable> EnterAsync(KeyScope scope, CancellationToken cancel)
    {
        var mine = new Turn(this, scope);
        while (_turns.GetOrAdd(scope, mine) is var holder && holder != mine)
        {
            await holder.Ended.WaitAsync(cancel);
        }

        return mine;
    }

    private sealed class Turn(KeyTurns turns, KeyScope scope) : IDisposable
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        public void Dispose()
        {
            turns._turns.TryRemove(new KeyValuePair<KeyScope, Turn>(scope, this));
            _ended.TrySetResult();
        }
    }
}
