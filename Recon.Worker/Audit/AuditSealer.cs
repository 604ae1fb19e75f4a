using Payments.Ledger;
using Payments.Ledger.Audit;

namespace Recon.Worker.Audit;

/// <summary>
/// Seals the audit trail for as long as the process lives. Every worker runs one; whichever comes first does the work,
/// and an idle pass is one look at two indexes.
/// </summary>
internal sealed class AuditSealer(
    SealAudit seal, AuditOptions options, TimeProvider clock, ILogger<AuditSealer> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.CheckpointDirectory is null)
        {
            logger.LogWarning(
                "Audit:CheckpointDirectory is not set: the audit trail is sealed, but no checkpoint of it is signed");
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // A pass that is under way is finished: what it sealed gets its checkpoint before the process ends.
                await seal.RunOnceAsync(CancellationToken.None);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                logger.LogError("An audit checkpoint could not be written: {Reason}", e.Message);
            }
            catch (Exception e)
            {
                logger.LogWarning(
                    Database.TraceOf(e), "The audit trail is not sealed until the database answers: {Reason}",
                    e.Message);
            }

            await Task.Delay(options.SealInterval, clock, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
