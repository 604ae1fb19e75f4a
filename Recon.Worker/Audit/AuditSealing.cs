using Microsoft.Extensions.Options;
using Npgsql;
using Payments.Ledger.Audit;

namespace Recon.Worker.Audit;

internal static class AuditSealing
{
    /// <summary>The sealer of the audit trail, and what signs its checkpoints.</summary>
    public static void AddAuditSealing(this IServiceCollection services)
    {
        services.AddAudit(options => options.CheckForSigning());
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<AuditOptions>>().Value);
        services.AddSingleton(provider => new SealAudit(
            provider.GetRequiredService<NpgsqlDataSource>(),
            provider.GetRequiredService<AuditOptions>(),
            provider.GetRequiredService<AuditOptions>().OpenForSigning(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SealAudit>>()));
        services.AddHostedService<AuditSealer>();
    }
}
