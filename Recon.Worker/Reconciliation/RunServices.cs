using Microsoft.Extensions.DependencyInjection.Extensions;
using Payments.Ledger.Reconciliation;
using Payments.Ledger.Reconciliation.Corrections;
using Recon.Worker.Duties;
using Recon.Worker.Reconciliation.Corrections;

namespace Recon.Worker.Reconciliation;

internal static class RunServices
{
    /// <summary>The schedule of reconciliation runs, and what makes them. The checks are added beside it.</summary>
    public static void AddReconciliationRuns(this IServiceCollection services)
    {
        services.AddReconciliationOptions();
        services.AddSingleton<ReconciliationTelemetry>();
        services.AddDueTimes();
        services.TryAddSingleton<RecordBreaks>();
        services.AddSingleton<RunReport>();
        services.AddSingleton<MakeCheck>();
        services.AddDutyHandler<ReconciliationRun>();
        services.AddCorrections();
        services.AddDutyHandler<CorrectLowSeverity>();
        services.AddHostedService<ReconciliationScheduler>();
    }
}
