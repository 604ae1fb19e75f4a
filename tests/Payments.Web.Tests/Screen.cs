using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.HtmlRendering.Infrastructure;
using Microsoft.AspNetCore.Components.RenderTree;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Components.Web.HtmlRendering;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.JSInterop;
using Payments.Web.Live;

// Events are dispatched by handler ids, which only the render tree has.
#pragma warning disable BL0006

namespace Payments.Web.Tests;

/// <summary>A page as a circuit would run it: rendered to HTML, alive to events and signals.</summary>
internal sealed class Screen : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly AsyncServiceScope _circuit;
    private readonly Browser _browser = new();
    private readonly Renderer _renderer;
    private HtmlRootComponent _root;

    /// <summary>Who is signed in.</summary>
    public const string Operator = "anna";

    private Screen(WebApplication app)
    {
        _app = app;
        _circuit = app.Services.CreateAsyncScope();
        _renderer = new Renderer(_circuit.ServiceProvider, _browser);
    }

    public ChangeFeed Feed => _app.Services.GetRequiredService<ChangeFeed>();

    /// <summary>Renders the page of an address; the fetches it begins may be under way still.</summary>
    public static async Task<Screen> BeginAsync<TPage>(
        FakeApi api, string address, Dictionary<string, object?>? parameters = null) where TPage : IComponent
    {
        var builder = WebApplication.CreateSlimBuilder();
        var services = builder.Services;
        services.AddRazorComponents();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<ChangeFeed>();
        services.AddScoped(_ => api.Client());
        services.AddScoped<AuthenticationStateProvider, Session>();
        services.AddAuthorization();
        services.AddCascadingAuthenticationState();
        services.AddScoped<NavigationManager>(_ => new Address("http://localhost" + address));

        var screen = new Screen(builder.Build());
        await screen._renderer.Dispatcher.InvokeAsync(() => screen._root =
            screen._renderer.BeginRenderingComponent(
                typeof(TPage), ParameterView.FromDictionary(parameters ?? [])));
        return screen;
    }

    /// <summary>Renders the page of an address, with all that it fetches.</summary>
    public static async Task<Screen> OpenAsync<TPage>(
        FakeApi api, string address, Dictionary<string, object?>? parameters = null) where TPage : IComponent
    {
        var screen = await BeginAsync<TPage>(api, address, parameters);
        await screen.QuietAsync();
        return screen;
    }

    public Task QuietAsync() => _renderer.Dispatcher.InvokeAsync(() => _root.QuiescenceTask);

    public Task<string> HtmlAsync() => _renderer.Dispatcher.InvokeAsync(() => _root.ToHtmlString());

    /// <summary>Waits until a rendering shows the text: signals arrive on other threads.</summary>
    public async Task<string> HtmlWithAsync(string text)
    {
        while (true)
        {
            var rendered = _renderer.NextRendering;
            var html = await HtmlAsync();

            if (html.Contains(text, StringComparison.Ordinal))
            {
                return html;
            }

            await rendered.WaitAsync(TimeSpan.FromSeconds(10));
        }
    }

    /// <summary>Raises an event on the one element that has this attribute with this value.</summary>
    public Task RaiseAsync(string attribute, string value, string eventName, EventArgs args) =>
        _renderer.Dispatcher.InvokeAsync(() => _renderer.RaiseAsync(attribute, value, eventName, args));

    /// <summary>Follows a link to the same page under another address.</summary>
    public Task GoToAsync(string address) => _renderer.Dispatcher.InvokeAsync(() =>
        _circuit.ServiceProvider.GetRequiredService<NavigationManager>().NavigateTo(address));

    /// <summary>The name of the element that the page gave the focus to last.</summary>
    public Task<string?> FocusedAsync() =>
        _renderer.Dispatcher.InvokeAsync(() => _renderer.NameOf(_browser.Focused));

    /// <summary>Presses the one button of this name.</summary>
    public Task ClickAsync(string name) => RaiseAsync("name", name, "onclick", new MouseEventArgs());

    /// <summary>
    /// Asks for the same twice, and is told each time that nobody knows what became of it. A button whose name is a
    /// sentence of its own asks back, and is answered yes.
    /// </summary>
    public async Task ClickTwiceUnansweredAsync(string name)
    {
        for (var attempt = 0; attempt < 2; attempt++)
        {
            await ClickAsync(name);
            if (char.IsUpper(name[0]))
            {
                await ClickAsync(name + ": yes");
            }

            await HtmlWithAsync("Not known to be done");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _renderer.DisposeAsync();
        await _circuit.DisposeAsync();
        await _app.DisposeAsync();
    }

    private sealed class Renderer : StaticHtmlRenderer
    {
        // A renderer numbers its components from zero, and this one has one root.
        private const int RootId = 0;

        private TaskCompletionSource _rendered = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Renderer(IServiceProvider services, Browser browser) : base(services, NullLoggerFactory.Instance) =>
            ElementReferenceContext = new WebElementReferenceContext(browser);

        public Task NextRendering => _rendered.Task;

        protected override RendererInfo RendererInfo { get; } = new("Server", isInteractive: true);

        public Task RaiseAsync(string attribute, string value, string eventName, EventArgs args)
        {
            var handler = FindHandler(RootId, attribute, value, eventName)
                ?? throw new InvalidOperationException($"No element with {attribute}={value} handles {eventName}.");
            return DispatchEventAsync(handler, null, args);
        }

        /// <summary>The name of an element that its component holds a reference to.</summary>
        public string? NameOf(string? reference, int componentId = RootId)
        {
            var frames = GetCurrentRenderTreeFrames(componentId);
            string? name = null;

            for (var i = 0; i < frames.Count; i++)
            {
                ref var frame = ref frames.Array[i];
                name = frame switch
                {
                    { FrameType: RenderTreeFrameType.Element } => null,
                    { FrameType: RenderTreeFrameType.Attribute, AttributeName: "name" } =>
                        frame.AttributeValue as string,
                    _ => name,
                };

                if (frame.FrameType == RenderTreeFrameType.Component
                    && NameOf(reference, frame.ComponentId) is { } below)
                {
                    return below;
                }

                if (frame.FrameType == RenderTreeFrameType.ElementReferenceCapture
                    && frame.ElementReferenceCaptureId == reference)
                {
                    return name;
                }
            }

            return null;
        }

        protected override Task UpdateDisplayAsync(in RenderBatch renderBatch)
        {
            var rendered = _rendered;
            _rendered = new(TaskCreationOptions.RunContinuationsAsynchronously);
            rendered.SetResult();
            return Task.CompletedTask;
        }

        // The handler among the attributes of the element that also has the wanted attribute, in any component below.
        private ulong? FindHandler(int componentId, string attribute, string value, string eventName)
        {
            var frames = GetCurrentRenderTreeFrames(componentId);
            var isWanted = false;
            ulong handler = 0;

            for (var i = 0; i < frames.Count; i++)
            {
                ref var frame = ref frames.Array[i];

                switch (frame.FrameType)
                {
                    case RenderTreeFrameType.Element:
                        (isWanted, handler) = (false, 0);
                        break;
                    case RenderTreeFrameType.Attribute:
                        isWanted |= frame.AttributeName == attribute && value.Equals(frame.AttributeValue);
                        handler = frame.AttributeName == eventName ? frame.AttributeEventHandlerId : handler;
                        break;
                    case RenderTreeFrameType.Component:
                        if (FindHandler(frame.ComponentId, attribute, value, eventName) is { } below)
                        {
                            return below;
                        }

                        break;
                }

                if (isWanted && handler != 0)
                {
                    return handler;
                }
            }

            return null;
        }
    }

    /// <summary>What pages ask of a browser: to move the focus.</summary>
    private sealed class Browser : IJSRuntime
    {
        public string? Focused { get; private set; }

        public ValueTask<T> InvokeAsync<T>(string identifier, object?[]? args) =>
            InvokeAsync<T>(identifier, default, args);

        public ValueTask<T> InvokeAsync<T>(string identifier, CancellationToken cancellationToken, object?[]? args)
        {
            Focused = args is [ElementReference element, ..] ? element.Id : Focused;
            return default;
        }
    }

    private sealed class Session : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(
            new AuthenticationState(new(new ClaimsIdentity([new(ClaimTypes.Name, Operator)], "test"))));
    }

    private sealed class Address : NavigationManager
    {
        public Address(string uri) => Initialize("http://localhost/", uri);

        protected override void NavigateToCore(string uri, NavigationOptions options)
        {
            Uri = ToAbsoluteUri(uri).AbsoluteUri;
            NotifyLocationChanged(isInterceptedLink: false);
        }
    }
}
