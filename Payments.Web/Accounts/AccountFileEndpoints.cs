using Microsoft.AspNetCore.WebUtilities;
using Payments.Web.Forwarding;
using Payments.Web.SignIn;

namespace Payments.Web.Accounts;

/// <summary>Statements and histories as files.</summary>
internal static class AccountFileEndpoints
{
    public static void MapAccountFiles(this IEndpointRouteBuilder routes)
    {
        var files = routes.MapGroup("/accounts/{accountId}").RequireAuthorization();

        files.MapGet("/ledger.csv", (string accountId, string? currency, HttpContext context, OperatorKeys operators) =>
            ApiFile.SendAsync(
                context, operators.ApiOf(context), Address(accountId, "ledger", ("currency", currency))));

        files.MapGet("/statement.csv", (
            string accountId, string? currency, string? from, string? to, HttpContext context,
            OperatorKeys operators) =>
            ApiFile.SendAsync(
                context, operators.ApiOf(context),
                Address(accountId, "statement", ("currency", currency), ("from", from), ("to", to))));
    }

    // A slash is the one character that is still escaped here. A form sends its empty fields too; to the API they would
    // be times that are none.
    private static string Address(
        string accountId, string file, params (string Name, string? Value)[] parameters) =>
        QueryHelpers.AddQueryString(
            $"/api/v1/accounts/{Escape(accountId)}/{file}?format=csv",
            parameters.Where(parameter => !string.IsNullOrEmpty(parameter.Value))
                .Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value)));

    private static string Escape(string accountId) =>
        Uri.EscapeDataString(accountId.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase));
}
