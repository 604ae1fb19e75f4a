namespace Payments.Web.Live;

/// <summary>
/// The key that an action is sent under. While it is not known whether the last action was carried out, the same once
/// more has the same key, so it is carried out once; after any other action, and after an answer, it has a new one.
/// </summary>
internal sealed class ActionKey(TimeProvider clock)
{
    // The last action, while nobody knows what became of it.
    private (object Action, RequestKey Key)? _unanswered;

    /// <param name="action">
    /// What is asked for, and on what state of things, compared by value: equal actions send equal requests.
    /// </param>
    public RequestKey For(object action)
    {
        var key = _unanswered is { } last && last.Action.Equals(action)
            ? last.Key
            : Guid.CreateVersion7(clock.GetUtcNow());
        _unanswered = (action, key);
        return key;
    }

    /// <param name="problem">What came of the action; null when it was carried out.</param>
    public void Answered(Problem? problem)
    {
        if (problem is not { IsOutcomeUnknown: true })
        {
            _unanswered = null;
        }
    }
}
