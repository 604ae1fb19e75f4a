using Microsoft.Extensions.Logging.Abstractions;
using Payments.Ledger.Audit;

namespace Payments.Api.Tests.Audit;

/// <summary>Records and seals audit events, so that the API has something to show.</summary>
internal static class AuditEvents
{
    public static async Task RecordAsync(TestDatabase database, AuditEvent audited)
    {
        await using var connection = await database.App.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await new AuditLog(TimeProvider.System).RecordAsync(
            connection, audited, TestContext.Current.CancellationToken);
    }

    public static Task SealAsync(TestDatabase database, AuditOptions? options = null) => new SealAudit(
        database.App, options ?? new AuditOptions(), options?.OpenForSigning(), TimeProvider.System,
        NullLogger<SealAudit>.Instance).RunOnceAsync(TestContext.Current.CancellationToken);

    /// <summary>What an intruder does who has the database in hand.</summary>
    public static Task TamperAsync(TestDatabase database, string sql) =>
        database.ExecuteAsync("SET session_replication_role = replica; " + sql + "; RESET session_replication_role");
}
