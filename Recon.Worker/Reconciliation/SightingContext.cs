namespace Recon.Worker.Reconciliation;

/// <summary>Who looked, when, and at what.</summary>
/// <param name="ReportId">The run; of a look that belongs to none, an id of its own.</param>
/// <param name="CheckType">
/// One of <see cref="Payments.Ledger.Reconciliation.CheckType"/>. Whoever records several in one transaction does it in
/// ordinal order of their names.
/// </param>
/// <param name="SeenAt">
/// Taken before the look, by the database's clock: what has become known since is not overwritten by it.
/// </param>
internal sealed record SightingContext(Guid ReportId, string CheckType, BreakScope Scope, DateTimeOffset SeenAt)
{
    /// <summary>The run that looked; null of a look that belongs to none.</summary>
    public Guid? RunId => Scope.IsOfRun ? ReportId : null;
}

/// <summary>
/// What a look covered. A known break within it that was not seen is gone; of those outside it nothing is known.
/// Outside of runs a break may be looked at every second, so it counts as sighted when it is new, has changed or
/// returns, and not each time.
/// </summary>
/// <param name="Accounts">Null: whatever account.</param>
/// <param name="Flows">Null: whatever deposit, conversion or withdrawal.</param>
/// <param name="IsOfRun">Whether each look is a sighting of every break that it saw.</param>
internal sealed record BreakScope(
    IReadOnlyCollection<long>? Accounts, IReadOnlyCollection<Guid>? Flows, bool IsOfRun = false)
{
    /// <summary>All that the check looks at, in a run.</summary>
    public static BreakScope OfRun { get; } = new(null, null, IsOfRun: true);

    /// <summary>All that the check looks at, outside of runs.</summary>
    public static BreakScope Everything { get; } = new(null, null);

    /// <summary>Breaks of these accounts.</summary>
    public static BreakScope OfAccounts(IReadOnlyCollection<long> accounts) => new(accounts, null);

    /// <summary>Breaks of these deposits, conversions or withdrawals.</summary>
    public static BreakScope OfFlows(IReadOnlyCollection<Guid> flows) => new(null, flows);
}

/// <summary>What came of a result.</summary>
/// <param name="New">Breaks that had never been seen.</param>
/// <param name="Seen">All that the result holds, new or known.</param>
/// <param name="Reopened">Breaks that were over and are there again.</param>
/// <param name="Closed">Exceptions that are over by themselves.</param>
internal sealed record RecordedBreaks(int New, int Seen, int Reopened, int Closed)
{
    /// <summary>Those that were opened or reopened, for log and metrics once it is committed.</summary>
    public IReadOnlyList<Sighting> Opened { get; init; } = [];

    /// <summary>Severities of those that an alert was written of, for the metrics.</summary>
    public IReadOnlyList<string> Alerted { get; init; } = [];
}
