using Payments.Web.Forwarding;
using Payments.Web.SignIn;

namespace Payments.Web.Reconciliation;

/// <summary>The exceptions as a file.</summary>
internal static class ReconciliationFileEndpoints
{
    public static void MapReconciliationFiles(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/exceptions/exceptions.csv", (HttpContext context, OperatorKeys operators) =>
                ApiFile.SendAsync(
                    context, cancel => operators.ApiOf(context).DownloadExceptionsAsync(new DeskFilter(), cancel)))
            .RequireAuthorization();
}
