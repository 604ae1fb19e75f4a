using Microsoft.Extensions.Options;
using Payments.Ledger.Providers;
using Recon.Worker.Duties;

namespace Recon.Worker.Providers;

internal static class ProviderServices
{
    /// <summary>The external providers, and what reads and keeps their balances.</summary>
    public static void AddProviders(this IServiceCollection services)
    {
        services.AddProviderPolicy();
        services.AddOptions<ProviderOptions>()
            .BindConfiguration(ProviderPolicy.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<ProviderOptions>, ProviderOptionsCheck>();
        services.AddSingleton<IProviderBalances, CircleBalances>();
        services.AddSingleton<IProviderBalances, AlpacaBalances>();
        services.AddSingleton<ReadProviderBalance>();
        services.AddDutyHandler<RefreshBalances>();
        services.AddHostedService<SeedRefreshDuties>();
    }
}
