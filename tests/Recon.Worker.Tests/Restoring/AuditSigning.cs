using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Payments.Ledger.Audit;
using Payments.Testing;

namespace Recon.Worker.Tests.Restoring;

/// <summary>A key and a place for checkpoints, outside of every database.</summary>
internal sealed class AuditSigning : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("audit").FullName;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly CheckpointStore _checkpoints;

    public AuditSigning() => _checkpoints = new CheckpointStore(_directory, _key);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Records so many events, seals them and signs a checkpoint that covers the last one.</summary>
    public async Task SealAsync(TestDatabase database, int events)
    {
        await using var connection = await database.App.OpenConnectionAsync(Cancel);
        var audited = Enumerable.Range(1, events)
            .Select(i => new AuditEvent(new AuditActor("tester"), "refund.created", "refund", $"object {i}"));
        await new AuditLog(TimeProvider.System).RecordAllAsync(connection, [.. audited], Cancel);
        var sealer = new SealAudit(
            database.App, new AuditOptions { CheckpointRecords = 4 }, _checkpoints, TimeProvider.System,
            NullLogger<SealAudit>.Instance);
        await sealer.RunOnceAsync(Cancel);
    }

    public Task<AuditVerification> VerifyAsync(TestDatabase database) =>
        new VerifyAudit(database.App, _checkpoints, TimeProvider.System).ExecuteAsync(Cancel);

    public async Task<AcceptRestoreResult.Accepted> AcceptAsync(TestDatabase database)
    {
        var clock = TimeProvider.System;
        return Assert.IsType<AcceptRestoreResult.Accepted>(
            await new AcceptRestore(database.App, _checkpoints, new AuditLog(clock), clock)
                .ExecuteAsync(new AuditActor("operator"), "of the test", Cancel));
    }

    public void Dispose()
    {
        _checkpoints.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
