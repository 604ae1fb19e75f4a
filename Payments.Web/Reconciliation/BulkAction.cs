namespace Payments.Web.Reconciliation;

/// <summary>What is to be done with every exception that is chosen.</summary>
public sealed record BulkAction(string Action, string? Assignee, string? Notes);
