using Microsoft.Extensions.Options;
using Payments.Ledger.Providers;
using Recon.Worker.Providers;

namespace Recon.Worker.Reconciliation.Checks;

internal static class CheckServices
{
    private static readonly IReadOnlyList<Func<CheckPace, TimeProvider, IReconciliationCheck>> Books =
    [
        (pace, clock) => new LedgerConsistency(pace, clock),
        (pace, clock) => new AccountBalance(pace, clock),
        (pace, clock) => new Deposits(pace, clock),
        (pace, clock) => new ConversionJobs(pace, clock),
        (pace, clock) => new Withdrawals(pace, clock),
    ];

    /// <summary>Every check that needs the database alone.</summary>
    public static IReadOnlyList<IReconciliationCheck> OfBooks(CheckPace pace, TimeProvider clock) =>
        [.. Books.Select(create => create(pace, clock))];

    /// <summary>The checks that a reconciliation run makes.</summary>
    public static void AddReconciliationChecks(this IServiceCollection services)
    {
        foreach (var create in Books)
        {
            services.AddSingleton(
                provider => create(CheckPace.OfRuns, provider.GetRequiredService<TimeProvider>()));
        }

        foreach (var provider in Provider.All)
        {
            services.AddSingleton<IReconciliationCheck>(services => new ProviderBalanceCheck(
                provider,
                services.GetRequiredService<ReadProviderBalance>(),
                services.GetRequiredService<IOptions<ProviderPolicy>>(),
                services.GetRequiredService<TimeProvider>()));
        }
    }
}
