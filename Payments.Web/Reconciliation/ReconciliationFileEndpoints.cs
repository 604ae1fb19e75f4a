using Microsoft.AspNetCore.WebUtilities;
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
                    context, operators.ApiOf(context), Address(Desk.FilterOf(status, severity, check, assignee))))
            .RequireAuthorization();

    private static string Address(DeskFilter filter) => QueryHelpers.AddQueryString(
        "/api/admin/reconciliation/exceptions?format=csv",
        filter.Parameters.Where(parameter => !string.IsNullOrEmpty(parameter.Value))
            .Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value)));
}
