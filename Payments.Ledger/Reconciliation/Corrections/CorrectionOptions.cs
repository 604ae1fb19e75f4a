using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Payments.Ledger.Reconciliation.Corrections;

/// <summary>
/// How much may be adjusted without a second person, under <c>Reconciliation:Corrections:</c>, in units of the currency
/// of each adjustment.
/// </summary>
public sealed class CorrectionOptions
{
    public const string Section = "Reconciliation:Corrections";

    /// <summary>The largest adjustment that one person, or the service by itself, may post; 0: none.</summary>
    [Range(typeof(decimal), "0", "1000000000")]
    public decimal MostEach { get; set; } = 1;

    /// <summary>All of them of one day in UTC, in each currency; those that two persons decided do not count.</summary>
    [Range(typeof(decimal), "0", "1000000000")]
    public decimal MostPerDay { get; set; } = 100;
}

public static class CorrectionServices
{
    /// <summary>What posts corrections, with the limits, checked when the process starts.</summary>
    public static void AddCorrections(this IServiceCollection services)
    {
        services.AddOptions<CorrectionOptions>()
            .BindConfiguration(CorrectionOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<CorrectionOptions>>().Value);
        services.AddDueTimes();
        services.AddSingleton<CorrectionTelemetry>();
        services.AddSingleton<CorrectException>();
        services.AddSingleton<DecideAdjustment>();
    }
}
