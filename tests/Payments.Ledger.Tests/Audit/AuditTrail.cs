using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Payments.Ledger.Audit;
using Payments.Testing;

namespace Payments.Ledger.Tests.Audit;

/// <summary>A database with an audit trail, a sealer of it, and a place and a key for its checkpoints.</summary>
public sealed class AuditTrail : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("audit").FullName;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private AuditTrail(TestDatabase database, int recordsOfCheckpoint)
    {
        Database = database;
        Options = new AuditOptions { CheckpointRecords = recordsOfCheckpoint };
        Checkpoints = new CheckpointStore(_directory, _key);
        Sealer = NewSealer();
    }

    public TestDatabase Database { get; }

    public AuditOptions Options { get; }

    public CheckpointStore Checkpoints { get; }

    public SealAudit Sealer { get; }

    public static async Task<AuditTrail> StartAsync(int recordsOfCheckpoint = 1_000)
    {
        var database = new TestDatabase();
        await database.InitializeAsync();
        return new AuditTrail(database, recordsOfCheckpoint);
    }

    /// <summary>A trail of ten events, sealed, with checkpoints at 4 and 8 and one at 10.</summary>
    public static async Task<AuditTrail> StartWithTenAsync()
    {
        var trail = await StartAsync(recordsOfCheckpoint: 4);
        await trail.RecordAsync(10);
        await trail.Sealer.RunOnceAsync(CancellationToken.None);
        return trail;
    }

    public SealAudit NewSealer(bool signs = true) => new(
        Database.App, Options, signs ? Checkpoints : null, TimeProvider.System, NullLogger<SealAudit>.Instance);

    public async Task RecordAsync(int count)
    {
        await using var connection = await Database.App.OpenConnectionAsync();
        for (var i = 1; i <= count; i++)
        {
            await new AuditLog(TimeProvider.System).RecordAsync(
                connection,
                new(new AuditActor("tester", Guid.CreateVersion7()), "refund.created", "refund", $"object {i}")
                {
                    Account = "ACC-001",
                    Currency = "USD",
                    Details = new { AmountMinor = i, Reason = "duplicate" },
                },
                CancellationToken.None);
        }
    }

    public Task<AuditVerification> VerifyAsync(bool withCheckpoints = true, TimeProvider? clock = null) =>
        new VerifyAudit(Database.App, withCheckpoints ? Checkpoints : null, clock ?? TimeProvider.System)
            .ExecuteAsync(CancellationToken.None);

    /// <summary>What an intruder does who has the database in hand: triggers are off, every row is open.</summary>
    public Task TamperAsync(string sql) =>
        Database.ExecuteAsync("SET session_replication_role = replica; " + sql + "; RESET session_replication_role");

    /// <summary>Takes events and links away from one on, and seals new ones in their place.</summary>
    public async Task RewriteFromAsync(int sequence)
    {
        await TamperAsync($"""
            INSERT INTO audit_unsealed (event_id) SELECT event_id FROM audit_chain WHERE sequence >= {sequence};
            UPDATE audit_events SET details = '{"{}"}'
            WHERE id = (SELECT event_id FROM audit_chain WHERE sequence = {sequence});
            DELETE FROM audit_chain WHERE sequence >= {sequence}
            """);
        await NewSealer(signs: false).RunOnceAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        Checkpoints.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
