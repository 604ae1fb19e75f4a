using Microsoft.AspNetCore.Http.Features;

namespace Payments.Web.Forwarding;

/// <summary>A file of the API, passed on while it comes, under the operator's key.</summary>
internal static class ApiFile
{
    public static async Task SendAsync(
        HttpContext context, Func<CancellationToken, Task<Answer<FileDownload>>> downloadAsync)
    {
        var cancel = context.RequestAborted;
        var response = context.Response;
        try
        {
            var answer = await downloadAsync(cancel);
            if (answer.Value is not { } file)
            {
                await TypedResults.Text(
                    answer.Problem?.Message,
                    statusCode: (int?)answer.Problem?.Status ?? StatusCodes.Status502BadGateway).ExecuteAsync(context);
                return;
            }

            using (file)
            {
                response.ContentType = file.Headers.ContentType?.ToString();
                response.Headers.ContentDisposition = file.Headers.ContentDisposition?.ToString();
                context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
                await using var content = await file.OpenAsync(cancel);
                await content.CopyToAsync(response.Body, cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The browser has left, and with it the call to the API.
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            // Half a file must not look like a whole one.
            context.Abort();
        }
    }
}
