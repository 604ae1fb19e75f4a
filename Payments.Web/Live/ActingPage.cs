namespace Payments.Web.Live;

/// <summary>
/// A live page on which a person changes what it shows, one change at a time: what came of the last is told, and the
/// view is fetched again.
/// </summary>
public abstract class ActingPage<TView> : LivePage<TView> where TView : class
{
    // The last action, while nobody knows what became of it.
    private (object Action, RequestKey Key)? _unanswered;

    /// <summary>Why the last change was not made, or not known to be; null when it was.</summary>
    private protected Problem? Refusal { get; set; }

    /// <summary>What the last change did, as a sentence.</summary>
    private protected string? Done { get; set; }

    /// <summary>Whether a change is under way.</summary>
    private protected bool IsBusy { get; private set; }

    /// <summary>
    /// Makes a change, which tells what it did or why it was not made. It runs to its end even when the page is left,
    /// unless it heeds <see cref="LivePage{TView}.Closed"/> itself: it may have been carried out already.
    /// </summary>
    /// <returns>Whether it was made; false also while another is under way, and then nothing was tried.</returns>
    private protected async Task<bool> ChangeAsync(Func<Task<(Problem? Problem, string? Done)>> change)
    {
        if (IsBusy)
        {
            return false;
        }

        (IsBusy, Refusal, Done) = (true, null, null);
        StateHasChanged();
        try
        {
            (Refusal, var done) = await change();
            Done = Refusal is null ? done : null;
            await RefreshAsync();
            return Refusal is null;
        }
        finally
        {
            IsBusy = false;
            StateHasChanged();
        }
    }

    /// <summary>
    /// The same under a key. When it is not known whether the action was carried out, the same action once more has the
    /// same key, so it is carried out once; after any other action, and after an answer, it has a new one.
    /// </summary>
    /// <param name="action">
    /// What is asked for, and on what state of things, compared by value: equal actions send equal requests.
    /// </param>
    private protected Task<bool> ChangeAsync(
        object action, Func<RequestKey, Task<(Problem? Problem, string? Done)>> change) =>
        ChangeAsync(async () =>
        {
            var key = _unanswered is { } last && last.Action.Equals(action)
                ? last.Key
                : Guid.CreateVersion7(Clock.GetUtcNow());
            _unanswered = (action, key);
            var (problem, done) = await change(key);
            if (problem is not { IsOutcomeUnknown: true })
            {
                _unanswered = null;
            }

            return (problem, done);
        });
}
