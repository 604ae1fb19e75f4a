using System.Globalization;

namespace Payments.Ledger.Webhooks;

/// <summary>What a target is told of an exception. High and critical ones are told of.</summary>
/// <param name="Expected">A decimal in units of the currency; null when the break has no amount.</param>
/// <param name="Difference">Actual less expected, with its sign.</param>
/// <param name="ReportId">The run that saw it.</param>
public sealed record ExceptionAlert(
    Guid ExceptionId,
    string Severity,
    string CheckType,
    string Description,
    string? Expected,
    string? Actual,
    string? Difference,
    string? Currency,
    Guid? ReportId,
    DateTime Timestamp)
{
    private const int LongestDescription = 2_000;

    /// <summary>Whether exceptions of this severity are told of.</summary>
    public static bool IsRaisedFor(string severity) =>
        severity is Reconciliation.Severity.High or Reconciliation.Severity.Critical;

    /// <param name="expected">With <paramref name="actual"/> in minor units of the currency.</param>
    /// <param name="currency">A code; amounts of an unknown one, or of none, are told as they are.</param>
    public static ExceptionAlert Of(
        Guid exceptionId, string severity, string checkType, string description, decimal? expected, decimal? actual,
        string? currency, Guid? reportId, DateTimeOffset timestamp) => new(
            exceptionId,
            severity,
            checkType,
            description.Length > LongestDescription ? description[..LongestDescription] : description,
            AmountText(expected, currency),
            AmountText(actual, currency),
            AmountText(actual - expected, currency),
            currency,
            reportId,
            timestamp.UtcDateTime);

    /// <param name="type">One of <see cref="WebhookEventType"/> that concerns exceptions.</param>
    public WebhookEvent ToEvent(string type) =>
        new(type, new DateTimeOffset(Timestamp, TimeSpan.Zero), this) { ExceptionId = ExceptionId };

    private static string? AmountText(decimal? minorUnits, string? currency)
    {
        if (minorUnits is not { } amount)
        {
            return null;
        }

        var known = currency is not null && Ledger.Currency.TryGet(currency, out var found) ? found : null;
        return known is null
            ? amount.ToString(CultureInfo.InvariantCulture)
            : (amount / known.MinorPerMajor).ToString(
                "F" + known.Exponent.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }
}
