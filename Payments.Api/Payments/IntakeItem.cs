namespace Payments.Api.Payments;

/// <summary>Every way the creation of a payment can end.</summary>
internal abstract record IntakeResult
{
    /// <summary>The payment and its job are committed.</summary>
    public static readonly IntakeResult Created = new CreatedResult();

    /// <summary>The key belongs to another request.</summary>
    public static readonly IntakeResult KeyReused = new KeyReusedResult();

    /// <summary>A transaction elsewhere holds the key and has not ended in time.</summary>
    public static readonly IntakeResult KeyInUse = new KeyInUseResult();

    /// <summary>Too many payments wait already; this one was not taken.</summary>
    public static readonly IntakeResult Overloaded = new OverloadedResult();

    /// <summary>The database could not be reached. The payment may be stored: its key will tell.</summary>
    public static readonly IntakeResult Unavailable = new UnavailableResult();

    /// <summary>An earlier request with the same key and values created <paramref name="Original"/>.</summary>
    public sealed record Replayed(NewPayment Original) : IntakeResult;

    /// <summary>The database refused this payment, and only this one.</summary>
    public sealed record Failed(Exception Error) : IntakeResult;

    private sealed record CreatedResult : IntakeResult;

    private sealed record KeyReusedResult : IntakeResult;

    private sealed record KeyInUseResult : IntakeResult;

    private sealed record OverloadedResult : IntakeResult;

    private sealed record UnavailableResult : IntakeResult;
}

/// <summary>A payment on its way into the database, with those who wait for its key.</summary>
internal sealed class IntakeItem(NewPayment payment)
{
    // Continuations run elsewhere: the writer goes on with the next batch at once.
    private readonly TaskCompletionSource<IntakeResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private NewPayment _payment = payment;

    private List<IntakeItem>? _followers;

    public ref readonly NewPayment Payment => ref _payment;

    public Task<IntakeResult> Result => _done.Task;

    /// <summary>Lets another request with the same key wait for this one's outcome.</summary>
    public void AddFollower(IntakeItem follower) => (_followers ??= []).Add(follower);

    /// <summary>The key belongs to <paramref name="original"/>, which may be this very payment.</summary>
    public void CompleteWith(in NewPayment original)
    {
        var result = original.Id == _payment.Id
            ? IntakeResult.Created
            : original.Fingerprint.AsSpan().SequenceEqual(_payment.Fingerprint)
                ? new IntakeResult.Replayed(original)
                : IntakeResult.KeyReused;
        _done.TrySetResult(result);
        foreach (var follower in _followers ?? [])
        {
            follower.CompleteWith(original);
        }
    }

    /// <summary>Nobody has the key yet, for a reason that holds for all who wait for it.</summary>
    public void CompleteWith(IntakeResult result)
    {
        _done.TrySetResult(result);
        foreach (var follower in _followers ?? [])
        {
            follower.CompleteWith(result);
        }
    }

    /// <summary>
    /// The database refused this payment. Those who waited for its key may have other values: they are returned, to be
    /// tried themselves.
    /// </summary>
    public IReadOnlyList<IntakeItem> Fail(Exception error)
    {
        _done.TrySetResult(new IntakeResult.Failed(error));
        var followers = _followers ?? [];
        _followers = null;
        return followers;
    }
}
