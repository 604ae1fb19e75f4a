using Microsoft.Extensions.Options;
using Payments.Ledger.Providers;
using Recon.Worker.Providers;

namespace Recon.Worker.Reconciliation.Checks;

internal static class CheckServices
{
    /// <summary>The checks that a reconciliation run makes.</summary>
    public static void AddReconciliationChecks(this IServiceCollection services)
    {
        services.AddCheck((pace, clock) => new LedgerConsistency(pace, clock));
        services.AddCheck((pace, clock) => new AccountBalance(pace, clock));
        services.AddCheck((pace, clock) => new Deposits(pace, clock));
        services.AddCheck((pace, clock) => new ConversionJobs(pace, clock));
        services.AddCheck((pace, clock) => new Withdrawals(pace, clock));
        foreach (var provider in Provider.All)
        {
            services.AddSingleton<IReconciliationCheck>(services => new ProviderBalanceCheck(
                provider,
                services.GetRequiredService<ReadProviderBalance>(),
                services.GetRequiredService<IOptions<ProviderPolicy>>(),
                services.GetRequiredService<TimeProvider>()));
        }
    }

    private static void AddCheck(
        this IServiceCollection services, Func<CheckPace, TimeProvider, IReconciliationCheck> create) =>
        services.AddSingleton(provider => create(CheckPace.OfRuns, provider.GetRequiredService<TimeProvider>()));
}
