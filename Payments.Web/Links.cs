using Microsoft.AspNetCore.WebUtilities;
using Payments.Web.Flows;

namespace Payments.Web;

/// <summary>The addresses of the screens.</summary>
internal static class Links
{
    public static string Payment(Guid id) => $"/payments/{id}";

    public static string Account(string accountId, string? currency = null, Cursor? cursor = null) =>
        WithQuery(
            $"/accounts/{Uri.EscapeDataString(accountId)}",
            ("currency", currency), ("after", cursor?.After), ("before", cursor?.Before));

    public static string Queue(Cursor? cursor = null) =>
        WithQuery("/queue", ("after", cursor?.After), ("before", cursor?.Before));

    public static string Flows(
        FlowKind kind, string? account = null, string? status = null, Cursor? cursor = null) =>
        WithQuery(
            $"/flows/{kind.Path}",
            ("account", account), ("status", status), ("after", cursor?.After), ("before", cursor?.Before));

    public static string Alerts(string? status = null, Cursor? cursor = null) =>
        WithQuery("/alerts", ("status", status), ("after", cursor?.After), ("before", cursor?.Before));

    public static string Reconciliation(Cursor? cursor = null) =>
        WithQuery("/reconciliation", ("after", cursor?.After), ("before", cursor?.Before));

    public static string Report(Guid id) => $"/reconciliation/reports/{id}";

    public static string CheckHistory(string checkType) =>
        $"/reconciliation/checks/{Uri.EscapeDataString(checkType)}";

    public static string Exceptions(
        string? status = null, string? severity = null, string? checkType = null, string? assignee = null,
        Cursor? cursor = null) =>
        WithQuery(
            "/exceptions", ("status", status), ("severity", severity), ("check", checkType), ("assignee", assignee),
            ("after", cursor?.After), ("before", cursor?.Before));

    /// <summary>All that the filters let through, as a file.</summary>
    public static string ExceptionsFile(string? status, string? severity, string? checkType, string? assignee) =>
        WithQuery(
            "/exceptions/exceptions.csv",
            ("status", status), ("severity", severity), ("check", checkType), ("assignee", assignee));

    public static string Exception(Guid id) => $"/exceptions/{id}";

    public static string Accounts(string? search = null, Cursor? cursor = null) =>
        WithQuery("/accounts", ("search", search), ("after", cursor?.After), ("before", cursor?.Before));

    /// <summary>All entries of an account as a file.</summary>
    public static string LedgerFile(string accountId, string currency) =>
        WithQuery($"/accounts/{Uri.EscapeDataString(accountId)}/ledger.csv", ("currency", currency));

    /// <summary>Where the form of a period is sent.</summary>
    public static string StatementFile(string accountId) =>
        $"/accounts/{Uri.EscapeDataString(accountId)}/statement.csv";

    public static string Payments(string? account = null, string? status = null, Cursor? cursor = null) =>
        WithQuery(
            "/", ("account", account), ("status", status), ("after", cursor?.After), ("before", cursor?.Before));

    private static string WithQuery(string path, params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        foreach (var (name, value) in parameters)
        {
            if (!string.IsNullOrEmpty(value))
            {
                path = QueryHelpers.AddQueryString(path, name, value);
            }
        }

        return path;
    }
}
