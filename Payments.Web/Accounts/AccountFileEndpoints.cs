using System.Globalization;
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
            ApiFile.SendAsync(context, cancel =>
                operators.ApiOf(context).DownloadEntriesAsync(NameIn(accountId), currency, null, null, cancel)));

        files.MapGet("/statement.csv", StatementAsync);
    }

    private static async Task StatementAsync(
        string accountId, string? currency, string? from, string? to, HttpContext context, OperatorKeys operators)
    {
        if (!TryReadTime(from, out var first) || !TryReadTime(to, out var end))
        {
            await TypedResults.Text(
                "A statement begins and ends at a date, such as 2026-03-01.",
                statusCode: StatusCodes.Status400BadRequest).ExecuteAsync(context);
            return;
        }

        await ApiFile.SendAsync(context, cancel =>
            operators.ApiOf(context).DownloadStatementAsync(NameIn(accountId), currency, first, end, cancel));
    }

    // A form sends its empty fields too.
    private static bool TryReadTime(string? text, out DateTimeOffset? time)
    {
        var isTime = DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var read);
        time = isTime ? read : null;
        return isTime || string.IsNullOrEmpty(text);
    }

    // A slash is the one character that is still escaped here.
    private static string NameIn(string accountId) =>
        accountId.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
