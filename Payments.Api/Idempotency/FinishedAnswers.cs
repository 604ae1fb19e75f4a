using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Payments.Api.Idempotency;

/// <summary>
/// Remembers the answers of finished requests in this process, so that a repetition need not ask the database. What is
/// remembered never changes, so it is never stale; what is forgotten, or finished elsewhere, is asked for.
/// </summary>
internal sealed class FinishedAnswers(IOptions<IdempotencyOptions> options, TimeProvider clock)
{
    /// <summary>Well below the shortest time for which a key is kept.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    // A few answers may be large; they are cheaper to ask for than to hold.
    private const int LargestBody = 8 * 1024;

    private readonly ConcurrentDictionary<KeyScope, Remembered> _answers = new();
    private readonly ConcurrentQueue<KeyScope> _order = new();
    private int _count;
    private long _hits;
    private long _misses;
    private long _replays;

    /// <summary>Since when it counts: the start of the process.</summary>
    public DateTimeOffset Since { get; } = clock.GetUtcNow();

    /// <summary>How many keys are held.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How many keys are held at the most.</summary>
    public int Limit { get; } = options.Value.CachedAnswers;

    /// <summary>Look-ups that found the answer here.</summary>
    public long Hits => Interlocked.Read(ref _hits);

    /// <summary>Look-ups that had to go to the database.</summary>
    public long Misses => Interlocked.Read(ref _misses);

    /// <summary>Answers that were given again, wherever they came from.</summary>
    public long Replays => Interlocked.Read(ref _replays);

    public TakenKey? Find(in KeyScope scope)
    {
        // Most requests are new, and most processes have nothing to repeat.
        if (Count > 0 && _answers.TryGetValue(scope, out var remembered) && remembered.Until > clock.GetUtcNow())
        {
            Interlocked.Increment(ref _hits);
            return remembered.Request;
        }

        Interlocked.Increment(ref _misses);
        return null;
    }

    public void Remember(in KeyScope scope, TakenKey request)
    {
        if (request.Answer.Body.Length > LargestBody)
        {
            return;
        }

        var remembered = new Remembered(request, clock.GetUtcNow() + Lifetime);
        if (!_answers.TryAdd(scope, remembered))
        {
            _answers[scope] = remembered;
            return;
        }

        _order.Enqueue(scope);
        Interlocked.Increment(ref _count);
        while (Count > Limit && _order.TryDequeue(out var oldest) && _answers.TryRemove(oldest, out _))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    /// <summary>The earlier request's answer once more; a refusal when the key was another request's.</summary>
    public IResult Repeat(TakenKey earlier, ReadOnlySpan<byte> fingerprint)
    {
        if (!fingerprint.SequenceEqual(earlier.Fingerprint))
        {
            return Idempotent.Reused;
        }

        CountReplay();
        return earlier.Answer.Replayed();
    }

    /// <summary>An answer was given again that is not held here, because it still changes.</summary>
    public void CountReplay() => Interlocked.Increment(ref _replays);

    private sealed record Remembered(TakenKey Request, DateTimeOffset Until);
}
