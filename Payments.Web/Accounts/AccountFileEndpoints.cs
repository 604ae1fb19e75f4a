using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Payments.Web.Forwarding;
using Payments.Web.SignIn;

namespace Payments.Web.Accounts;

/// <summary>
/// Statements and histories as files: the API's own, passed on while they come, under the operator's key.
/// </summary>
internal static class AccountFileEndpoints
{
    public static void MapAccountFiles(this IEndpointRouteBuilder routes)
    {
        var files = routes.MapGroup("/accounts/{accountId}").RequireAuthorization();

        files.MapGet("/ledger.csv", (string accountId, string? currency, HttpContext context, OperatorKeys operators) =>
            SendAsync(context, operators.ApiOf(context), accountId, "ledger", ("currency", currency)));

        files.MapGet("/statement.csv", (
            string accountId, string? currency, string? from, string? to, HttpContext context,
            OperatorKeys operators) =>
            SendAsync(
                context, operators.ApiOf(context), accountId, "statement",
                ("currency", currency), ("from", from), ("to", to)));
    }

    private static async Task SendAsync(
        HttpContext context, PaymentsApi api, string accountId, string file,
        params (string Name, string? Value)[] parameters)
    {
        var cancel = context.RequestAborted;
        try
        {
            using var response = await api.OpenFileAsync(Address(accountId, file, parameters), cancel);
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

    // A slash is the one character that is still escaped here. A form sends its empty fields too; to the API they would
    // be times that are none.
    private static string Address(string accountId, string file, (string Name, string? Value)[] parameters) =>
        QueryHelpers.AddQueryString(
            $"/api/v1/accounts/{Escape(accountId)}/{file}?format=csv",
            parameters.Where(parameter => !string.IsNullOrEmpty(parameter.Value))
                .Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value)));

    private static string Escape(string accountId) =>
        Uri.EscapeDataString(accountId.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase));
}
