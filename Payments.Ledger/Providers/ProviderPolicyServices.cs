using Microsoft.Extensions.DependencyInjection;

namespace Payments.Ledger.Providers;

public static class ProviderPolicyServices
{
    /// <summary>The policy of this process, checked at start.</summary>
    public static void AddProviderPolicy(this IServiceCollection services) =>
        services.AddOptions<ProviderPolicy>()
            .BindConfiguration(ProviderPolicy.Section)
            .ValidateDataAnnotations()
            .Validate(
                policy => policy.Circle.Tolerance >= 0 && policy.Alpaca.Tolerance >= 0,
                "Providers:Circle:Tolerance and Providers:Alpaca:Tolerance must not be negative.")
            .ValidateOnStart();
}
