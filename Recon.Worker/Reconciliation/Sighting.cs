using System.Globalization;

namespace Recon.Worker.Reconciliation;

/// <summary>A break that was seen, and the exception that it is.</summary>
internal sealed record Sighting(KnownException Known, Break Break, bool IsNew, SightingEffect Effect);

/// <summary>A line of an exception's story that nobody's act is behind.</summary>
internal sealed record ExceptionEvent(
    Guid ExceptionId, string Kind, string? Severity, string? SeverityBefore, decimal? Difference,
    decimal? DifferenceBefore)
{
    /// <param name="kind"><c>opened</c>, <c>changed</c>, <c>escalated</c>, <c>reopened</c>.</param>
    public static ExceptionEvent Of(string kind, Sighting one) => new(
        one.Known.Id, kind, one.Break.Severity, one.IsNew ? null : one.Known.Severity, one.Break.Difference,
        one.IsNew ? null : one.Known.Difference);

    /// <summary>The break is gone: that closes its exception, unless a person had resolved it.</summary>
    public static ExceptionEvent Gone(KnownException known) => new(
        known.Id, known.IsUnresolved ? "closed" : "gone", null, known.Severity, null, known.Difference);

    /// <summary>Amounts are minor units as text, so that none is rounded.</summary>
    public object Details(Guid? reportId) => new
    {
        reportId,
        Severity,
        SeverityBefore,
        Difference = Text(Difference),
        DifferenceBefore = Text(DifferenceBefore),
    };

    private static string? Text(decimal? minor) => minor?.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Breaks as columns of a statement's <c>unnest</c>.</summary>
internal static class BreakColumns
{
    public static object Of(IReadOnlyList<Break> breaks) => new
    {
        keys = breaks.Select(one => one.Key).ToArray(),
        kinds = breaks.Select(one => one.Kind).ToArray(),
        severities = breaks.Select(one => one.Severity).ToArray(),
        descriptions = breaks.Select(one => one.Description).ToArray(),
        currencies = breaks.Select(one => one.Currency).ToArray(),
        expecteds = breaks.Select(one => one.Expected).ToArray(),
        actuals = breaks.Select(one => one.Actual).ToArray(),
        accountIds = breaks.Select(one => one.AccountId).ToArray(),
        accountNames = breaks.Select(one => one.AccountName).ToArray(),
        positions = breaks.Select(one => one.Position).ToArray(),
        paymentIds = breaks.Select(one => one.PaymentId).ToArray(),
        transactionIds = breaks.Select(one => one.TransactionId).ToArray(),
        flowIds = breaks.Select(one => one.FlowId).ToArray(),
    };
}
