namespace Payments.Ledger.Reconciliation;

/// <summary>The states of an exception; the first two are unresolved.</summary>
public static class ExceptionStatus
{
    public const string Open = "open";

    /// <summary>Somebody has seen it and works on it.</summary>
    public const string Acknowledged = "acknowledged";

    /// <summary>By a person, who says why.</summary>
    public const string Resolved = "resolved";

    /// <summary>An adjustment was posted, and the check agrees.</summary>
    public const string AutoCorrected = "auto_corrected";

    /// <summary>By itself: the break is gone.</summary>
    public const string Closed = "closed";

    public static IReadOnlyList<string> All { get; } = [Open, Acknowledged, Resolved, AutoCorrected, Closed];
}
