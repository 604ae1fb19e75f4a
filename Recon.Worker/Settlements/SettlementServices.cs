using Npgsql;
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
        services.AddSingleton(provider => new AccountDirectory(
            provider.GetRequiredKeyedService<NpgsqlDataSource>(Connections.Settlement)));
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
}
