namespace Payments.Web.Live;

/// <summary>
/// A live page on which a person changes what it shows, one change at a time: what came of the last is told, and the
/// view is fetched again.
/// </summary>
public abstract class ActingPage<TView> : LivePage<TView> where TView : class
{
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
    private protected async Task ChangeAsync(Func<Task<(Problem? Problem, string? Done)>> change)
    {
        (IsBusy, Refusal, Done) = (true, null, null);
        try
        {
            (Refusal, var done) = await change();
            Done = Refusal is null ? done : null;
            await RefreshAsync();
        }
        finally
        {
            IsBusy = false;
        }
    }
}
