using Microsoft.Extensions.Options;
using Payments.Ledger;
using Recon.Worker.Jobs;

namespace Recon.Worker.Duties;

internal static class DutyServices
{
    /// <summary>The loop that does duties, and the sessions for all that is not settlement.</summary>
    public static void AddDuties(this IServiceCollection services)
    {
        services.AddOptions<DutyOptions>()
            .BindConfiguration(DutyOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<DutyOptions>>().Value);
        services.AddSingleton(provider => DutySessions.Create(
            provider.GetRequiredService<IConfiguration>().GetConnectionString("payments") ?? "",
            source =>
            {
                source.UseLoggerFactory(provider.GetRequiredService<ILoggerFactory>());
                source.TraceOnlyWithinTraces();
                source.ConnectionStringBuilder.ApplicationName =
                    FormattableString.Invariant($"{WorkerTelemetry.SourceName} duties {Environment.ProcessId}");
            }));
        services.AddSingleton<HeldDuties>();
        services.AddSingleton<RunDuty>();
        services.AddHostedSingleton<DutyLoop>();
        services.AddHearing<DutyLoop>();
    }

    public static void AddDutyHandler<T>(this IServiceCollection services)
        where T : class, IDutyHandler => services.AddSingleton<IDutyHandler, T>();
}
