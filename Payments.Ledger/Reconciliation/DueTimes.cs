using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Payments.Ledger.Reconciliation;

/// <summary>
/// Within how many hours an exception is to be resolved, by its severity: what an operator may set, under
/// <c>Reconciliation:DueHours:</c>.
/// </summary>
public sealed class DueTimes
{
    public const string Section = "Reconciliation:DueHours";

    private const double LongestHours = 8_760;

    [Range(0.01, LongestHours)]
    public double Critical { get; set; } = 1;

    [Range(0.01, LongestHours)]
    public double High { get; set; } = 4;

    [Range(0.01, LongestHours)]
    public double Medium { get; set; } = 24;

    [Range(0.01, LongestHours)]
    public double Low { get; set; } = 72;

    /// <param name="severity">One of <see cref="Severity"/>.</param>
    public DateTimeOffset After(DateTimeOffset start, string severity) => start + TimeSpan.FromHours(severity switch
    {
        Severity.Critical => Critical,
        Severity.High => High,
        Severity.Medium => Medium,
        _ => Low,
    });
}

public static class DueTimeSettings
{
    /// <summary>The settings, checked when the process starts.</summary>
    public static void AddDueTimes(this IServiceCollection services)
    {
        services.AddOptions<DueTimes>()
            .BindConfiguration(DueTimes.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<DueTimes>>().Value);
    }
}
