namespace Payments.Web.Reconciliation;

/// <summary>What the desk of exceptions can be narrowed to.</summary>
internal static class Desk
{
    /// <summary>What is shown when no status is chosen: what there is to do.</summary>
    public const string Unresolved = "unresolved";

    public const string All = "all";

    private const string Overdue = "overdue";

    public static IReadOnlyList<(string Status, string Name)> Statuses { get; } =
    [
        (Unresolved, "Unresolved"), (Overdue, "Overdue"), ("open", "Open"), ("acknowledged", "Acknowledged"),
        ("resolved", "Resolved"), ("auto_corrected", "Auto corrected"), ("closed", "Closed"), (All, "All"),
    ];

    public static DeskFilter FilterOf(string? status, string? severity, string? checkType, string? assignee) => new(
        status switch
        {
            null or "" => Unresolved,
            All or Overdue => null,
            _ => status,
        },
        severity, checkType, assignee, Overdue: status == Overdue ? true : null);
}
