namespace Payments.Web.Live;

/// <summary>
/// A live page on which a person changes what it shows, one change at a time: what came of the last is told, and the
/// view is fetched again.
/// </summary>
public abstract class ActingPage<TView> : LivePage<TView> where TView : class
{
    private ActionKey? _key;

    /// <summary>Why the last change was not made, or not known to be; null when it was.</summary>
    private protected Problem? Refusal { get; set; }

    /// <summary>What the last change did, as a sentence.</summary>
    private protected string? Done { get; set; }

    /// <summary>Whether a change is under way.</summary>
    private protected bool IsBusy { get; private set; }

    // What is told is about what was shown.
    private protected override void OnAddressChanged() => (Refusal, Done) = (null, null);

    /// <summary>
    /// Makes a change, which tells what it did or why it was not made. It runs to its end even when the page is left:
    /// it may have been carried out already. What came of it is told only where it was asked for.
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
        var askedAt = Navigation.Uri;
        try
        {
            var (problem, done) = await change();
            if (Navigation.Uri == askedAt)
            {
                (Refusal, Done) = (problem, problem is null ? done : null);
            }

            await RefreshAsync();
            return problem is null;
        }
        finally
        {
            IsBusy = false;
            StateHasChanged();
        }
    }

    /// <summary>
    /// The same under a key, which is sent again on a second try of what may have been carried out already.
    /// </summary>
    /// <param name="action">As for <see cref="ActionKey.For"/>.</param>
    private protected Task<bool> ChangeAsync(
        object action, Func<RequestKey, Task<(Problem? Problem, string? Done)>> change) =>
        ChangeAsync(async () =>
        {
            _key ??= new ActionKey(Clock);
            var (problem, done) = await change(_key.For(action));
            _key.Answered(problem);
            return (problem, done);
        });
}
