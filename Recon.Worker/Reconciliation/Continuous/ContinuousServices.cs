using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Payments.Ledger.Reconciliation;

namespace Recon.Worker.Reconciliation.Continuous;

internal static class ContinuousServices
{
    public static void AddContinuousChecking(this IServiceCollection services)
    {
        services.AddOptions<ContinuousOptions>()
            .BindConfiguration(ContinuousOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<ContinuousOptions>>().Value);
        services.AddDueTimes();
        services.TryAddSingleton<RecordBreaks>();
        services.AddSingleton<KnownBreaks>();
        services.AddSingleton<VerifyRecent>();
        services.AddSingleton<VerifyAll>();
        services.AddHostedService<ContinuousChecking>();
    }
}
