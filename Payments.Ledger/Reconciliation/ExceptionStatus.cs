namespace Payments.Ledger.Reconciliation;

/// <summary>How far an exception is, by the names that tables and requests use.</summary>
public static class ExceptionStatus
{
    public const string Open = "open";

    /// <summary>Somebody looks into it.</summary>
    public const string Acknowledged = "acknowledged";

    /// <summary>A person says that it is settled.</summary>
    public const string Resolved = "resolved";

    /// <summary>An adjustment was posted, and after it the check agreed.</summary>
    public const string AutoCorrected = "auto_corrected";

    /// <summary>By itself: the break was gone.</summary>
    public const string Closed = "closed";

    public static IReadOnlyList<string> All { get; } = [Open, Acknowledged, Resolved, AutoCorrected, Closed];

    public static bool IsUnresolved(string status) => status is Open or Acknowledged;
}
