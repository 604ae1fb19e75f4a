using System.ComponentModel.DataAnnotations;

namespace Payments.Ledger.Providers;

/// <summary>When a provider's balance may be compared with the books, and how; section <c>Providers</c>.</summary>
public sealed class ProviderPolicy
{
    public const string Section = "Providers";

    /// <summary>Data that were true longer ago than this prove nothing: the check is inconclusive.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan MaximumAge { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>A provider without a current balance for longer than this is an exception of its own.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan InconclusiveExceptionAfter { get; set; } = TimeSpan.FromHours(1);

    public ProviderTolerance Circle { get; set; } = new() { Tolerance = 10.00m };

    public ProviderTolerance Alpaca { get; set; } = new() { Tolerance = 100.00m };

    /// <summary>By how much the totals may differ and still agree, in minor units.</summary>
    public decimal ToleranceMinor(Provider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        var tolerance = provider == Provider.Circle ? Circle.Tolerance : Alpaca.Tolerance;
        return tolerance * provider.Currency.MinorPerMajor;
    }
}

/// <summary>Of one provider, in units of its currency.</summary>
public sealed class ProviderTolerance
{
    public decimal Tolerance { get; set; }
}
