using Microsoft.AspNetCore.Components;

namespace Payments.Web.Live;

/// <summary>
/// A page that shows one view of the API's data and fetches it again when a signal says that it may have changed.
/// The view is null until the first answer; a failed refresh keeps what is shown and sets the failure beside it.
/// </summary>
public abstract class LivePage<TView> : ComponentBase, IDisposable where TView : class
{
    private static readonly TimeSpan FirstSightPatience = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _closed = new();
    private IDisposable? _subscription;
    private PersistingComponentStateSubscription _persisting;
    private string? _address;
    private bool _isFetching;
    private bool _isStale;

    [Inject]
    internal ChangeFeed Feed { get; init; } = null!;

    [Inject]
    internal PersistentComponentState Persisted { get; init; } = null!;

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required TimeProvider Clock { get; init; }

    private protected TView? View { get; private set; }

    private protected Problem? Failure { get; private set; }

    /// <summary>What must change for the view to be worth fetching again.</summary>
    private protected abstract Changes Watched { get; }

    private protected abstract Task<Answer<TView>> FetchAsync(CancellationToken cancel);

    /// <summary>How often to fetch without a signal, of what no signal tells; null: never.</summary>
    private protected virtual TimeSpan? LookEvery => null;

    /// <summary>Cancelled when the page is left.</summary>
    private protected CancellationToken Closed => _closed.Token;

    /// <summary>Sees the view that was shown and the one that replaces it, before it is rendered.</summary>
    private protected virtual void OnRefreshed(TView shown, TView fetched)
    {
    }

    /// <summary>Lets go of what belonged to the address of before: a page of a list, or a thing.</summary>
    private protected virtual void OnAddressChanged()
    {
    }

    protected override void OnInitialized()
    {
        _persisting = Persisted.RegisterOnPersisting(() =>
        {
            if (View is not null || Failure is not null)
            {
                Persisted.PersistAsJson(StateKey, new Rendered(View, Failure));
            }

            return Task.CompletedTask;
        });

        if (RendererInfo.IsInteractive)
        {
            _subscription = Feed.Subscribe(Watched, () => InvokeAsync(RefreshAsync));
        }
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender && RendererInfo.IsInteractive && LookEvery is { } period)
        {
            _ = LookAsync(period);
        }
    }

    private async Task LookAsync(TimeSpan period)
    {
        using var timer = new PeriodicTimer(period, Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_closed.Token))
            {
                await InvokeAsync(RefreshAsync);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
        {
            // The page was left.
        }
    }

    protected override async Task OnParametersSetAsync()
    {
        if (_address == Navigation.Uri)
        {
            return;
        }

        var hasChanged = _address is not null;
        _address = Navigation.Uri;
        View = null;
        Failure = null;
        if (hasChanged)
        {
            OnAddressChanged();
        }

        // What the page was rendered with on the server is what its interactive twin starts from.
        if (Persisted.TryTakeFromJson<Rendered>(StateKey, out var rendered) && rendered is not null)
        {
            View = rendered.View;
            Failure = rendered.Failure;
        }
        else if (RendererInfo.IsInteractive)
        {
            await RefreshAsync();
        }
        else
        {
            await RefreshBeforeFirstSightAsync();
        }
    }

    // The page is rendered on the server before the browser shows anything. A slow answer must not keep it blank: the
    // page is then sent as loading, and its interactive twin fetches again.
    private async Task RefreshBeforeFirstSightAsync()
    {
        try
        {
            await RefreshAsync().WaitAsync(FirstSightPatience, _closed.Token);
        }
        catch (TimeoutException)
        {
            await _closed.CancelAsync();
        }
    }

    /// <summary>
    /// Fetches and renders. A call during a fetch makes that one be followed by another, so any number of signals
    /// costs at most one fetch at a time, and the last signal is never lost.
    /// </summary>
    private protected async Task RefreshAsync()
    {
        _isStale = true;

        if (_isFetching)
        {
            return;
        }

        _isFetching = true;

        try
        {
            while (_isStale && !_closed.IsCancellationRequested)
            {
                _isStale = false;
                var address = _address;
                var answer = await FetchAsync(_closed.Token);

                // An answer for parameters that are no longer the page's is dropped, and asked for anew.
                if (address == _address)
                {
                    Show(answer);
                }
                else
                {
                    _isStale = true;
                }
            }
        }
        catch (OperationCanceledException) when (_closed.IsCancellationRequested)
        {
            // The page was closed.
        }
        finally
        {
            _isFetching = false;
        }
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _subscription?.Dispose();
            _persisting.Dispose();
            _closed.Cancel();
            _closed.Dispose();
        }
    }

    private string StateKey => GetType().Name + _address;

    private sealed record Rendered(TView? View, Problem? Failure);

    private void Show(Answer<TView> answer)
    {
        Failure = answer.Problem;

        // What is gone is not shown any longer; other failures leave the last good view in place.
        if (answer.Value is not null || Failure?.IsNotFound == true)
        {
            if (View is not null && answer.Value is not null)
            {
                OnRefreshed(View, answer.Value);
            }

            View = answer.Value;
        }

        StateHasChanged();
    }
}
