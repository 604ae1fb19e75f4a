using Payments.Web.Forwarding;
using Payments.Web.SignIn;

namespace Payments.Web.Reconciliation;

/// <summary>The exceptions as a file, with the filters of the page.</summary>
internal static class ReconciliationFileEndpoints
{
    public static void MapReconciliationFiles(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/exceptions/exceptions.csv", (
                string? status, string? severity, string? check, string? assignee, HttpContext context,
                OperatorKeys operators) =>
                ApiFile.SendAsync(
                    context,
                    cancel => operators.ApiOf(context).DownloadExceptionsAsync(
                        Desk.FilterOf(status, severity, check, assignee), cancel)))
            .RequireAuthorization();
}
