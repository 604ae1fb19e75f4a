namespace Payments.Web.Reconciliation;

/// <summary>What the reconciliation page shows.</summary>
public sealed record ReconciliationView(
    ListOf<Report> Reports, IReadOnlyList<ReportCheck> Checks, IReadOnlyList<ProviderBalance> Providers,
    ListOf<ReconciliationException> Unresolved);

/// <summary>What the desk shows.</summary>
public sealed record DeskView(ListOf<ReconciliationException> Exceptions, ListOf<Adjustment> Proposals);
