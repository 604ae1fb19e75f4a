using Payments.Ledger.Reconciliation;
using Payments.Testing;

namespace Recon.Worker.Tests.Reconciliation;

/// <summary>Asks for a manual run of all checks, as the API does.</summary>
internal static class RequestRun
{
    public static async Task ExecuteAsync(TestDatabase database, CancellationToken cancel)
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var connection = await database.App.OpenConnectionAsync(cancel);
        await StartRun.ExecuteAsync(
            connection, new NewRun(Guid.CreateVersion7(now), RunType.Manual, null, "tester", now), cancel);
    }
}
