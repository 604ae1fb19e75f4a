using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Payments.Web.Layout;

/// <summary>Where the keyboard goes when the element that had it is replaced.</summary>
internal static class Focus
{
    public static async Task MoveToAsync(ElementReference element)
    {
        try
        {
            await element.FocusAsync();
        }
        catch (Exception error) when (error is JSException or JSDisconnectedException)
        {
            // The element has gone from the page meanwhile, or the page from the browser.
        }
    }
}
