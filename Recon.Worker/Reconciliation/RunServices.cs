using Payments.Ledger.Reconciliation;
using Recon.Worker.Duties;

namespace Recon.Worker.Reconciliation;

internal static class RunServices
{
    /// <summary>The schedule of reconciliation runs, and what makes them. The checks are added beside it.</summary>
    public static void AddReconciliationRuns(this IServiceCollection services)
    {
        services.AddReconciliationOptions();
        services.AddSingleton<ReconciliationTelemetry>();
        services.AddSingleton<RecordBreaks>();
        services.AddSingleton<RunReport>();
        services.AddSingleton<MakeCheck>();
        services.AddDutyHandler<ReconciliationRun>();
        services.AddHostedService<ReconciliationScheduler>();
    }
}
