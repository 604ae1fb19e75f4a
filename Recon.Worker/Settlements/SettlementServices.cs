using Payments.Ledger;
using Payments.Ledger.Accounts;
using Payments.Ledger.Jobs;
using Recon.Worker.Jobs;
using Recon.Worker.Pausing;

namespace Recon.Worker.Settlements;

internal static class SettlementServices
{
    // Screens are told at most this often that payments were settled.
    private static readonly TimeSpan ChangesPause = TimeSpan.FromMilliseconds(100);

    /// <summary>The settlement loop and everything that it is made of.</summary>
    public static void AddSettlement(this IServiceCollection services)
    {
        services.AddSingleton<AccountDirectory>();
        services.AddSingleton<ClaimJobs>();
        services.AddSingleton<HeldJobs>();
        services.AddSingleton<SettleBatch>();
        services.AddSingleton<SettleJobs>();
        services.AddSingleton<SettlementPass>();
        services.AddSingleton<WorkerTelemetry>();
        services.AddSingleton<PauseSwitch>();
        services.AddSingleton<WakeUp>();
        services.AddHearing<WakeUp>();
        services.AddHearing<PauseWatch>();

        // Stopped in reverse order: the loop first, while the others still serve it.
        services.AddHostedSingleton<Heartbeat>();
        services.AddHostedService<Hearing>();
        services.AddHostedSingleton<PauseWatch>();
        services.AddNotifier(Database.ChangesChannel, ChangesPause);
        services.AddHostedSingleton<SettlementLoop>();
    }

    /// <summary>A service that others, or the worker's <see cref="Hearing"/>, ask for by its type.</summary>
    public static void AddHostedSingleton<T>(this IServiceCollection services)
        where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }

    /// <summary>Lets a service hear what is said on its channel.</summary>
    public static void AddHearing<T>(this IServiceCollection services)
        where T : class, IHears => services.AddSingleton<IHears>(provider => provider.GetRequiredService<T>());
}
