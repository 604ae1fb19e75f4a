namespace Recon.Worker.Reconciliation;

/// <summary>Who looked, when, and at what.</summary>
/// <param name="ReportId">The run; of a look that belongs to none, an id of its own.</param>
/// <param name="CheckType">
/// One of <see cref="Payments.Ledger.Reconciliation.CheckType"/>. Whoever records several in one transaction does it in
/// ordinal order of their names.
/// </param>
/// <param name="SeenAt">Taken before the look: what has become known since is not overwritten by it.</param>
internal sealed record SightingContext(Guid ReportId, string CheckType, BreakScope Scope, DateTimeOffset SeenAt);

/// <summary>
/// What a look covered. A known break within it that was not seen is gone; of those outside it nothing is known.
/// </summary>
/// <param name="Accounts">Null: whatever account.</param>
/// <param name="Flows">Null: whatever deposit, conversion or withdrawal.</param>
internal sealed record BreakScope(IReadOnlyCollection<long>? Accounts, IReadOnlyCollection<Guid>? Flows)
{
    /// <summary>All that the check looks at, as a run does: each look is a sighting of every break that it saw.</summary>
    public static BreakScope Everything { get; } = new(null, null);

    public bool IsEverything => Accounts is null && Flows is null;

    /// <summary>
    /// Breaks of these accounts. They may be looked at often, so a break counts as sighted when it is new, has changed
    /// or returns, and not each time.
    /// </summary>
    public static BreakScope OfAccounts(IReadOnlyCollection<long> accounts) => new(accounts, null);

    /// <summary>Breaks of these deposits, conversions or withdrawals; otherwise as of accounts.</summary>
    public static BreakScope OfFlows(IReadOnlyCollection<Guid> flows) => new(null, flows);
}

/// <summary>What came of a result.</summary>
/// <param name="New">Breaks that had never been seen.</param>
/// <param name="Seen">All that the result holds, new or known.</param>
/// <param name="Reopened">Breaks that were over and are there again.</param>
/// <param name="Closed">Exceptions that are over by themselves.</param>
internal sealed record RecordedBreaks(int New, int Seen, int Reopened, int Closed)
{
    /// <summary>Severities of those that were opened or reopened, for the metrics once it is committed.</summary>
    public IReadOnlyList<string> Opened { get; init; } = [];
}
