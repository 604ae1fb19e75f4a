using Microsoft.AspNetCore.Http.Features;

namespace Payments.Web.Forwarding;

/// <summary>A file of the API, passed on while it comes, under the operator's key.</summary>
internal static class ApiFile
{
    public static async Task SendAsync(HttpContext context, PaymentsApi api, string address)
    {
        var cancel = context.RequestAborted;
        try
        {
            using var response = await api.OpenFileAsync(address, cancel);
            context.Response.StatusCode = (int)response.StatusCode;
            ForwardedHeaders.CopyToAnswer(response, context.Response.Headers);
            context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
            await response.Content.CopyToAsync(context.Response.Body, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The browser has left, and with it the call to the API.
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            if (context.Response.HasStarted)
            {
                // Half a file must not look like a whole one.
                context.Abort();
                return;
            }

            context.Response.StatusCode = StatusCodes.Status502BadGateway;
            await context.Response.WriteAsync("The payments service could not be reached.", cancel);
        }
    }
}
