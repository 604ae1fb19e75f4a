namespace Payments.Ledger.Conversions;

/// <summary>
/// The duty of executing a conversion. It has the conversion's id, so that there is one of each, and is added in the
/// transaction that records the conversion.
/// </summary>
public sealed record ConversionDuty(Guid ConversionId)
{
    public const string Kind = "conversion.execute";
}
