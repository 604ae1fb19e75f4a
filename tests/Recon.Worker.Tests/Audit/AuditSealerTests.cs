using System.Security.Cryptography;
using Npgsql;
using Payments.Ledger.Audit;
using Payments.Testing;

namespace Recon.Worker.Tests.Audit;

public sealed class AuditSealerTests : IAsyncLifetime
{
    private readonly TestDatabase _database = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("audit").FullName;
    private string _key = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private (string Name, string Value)[] Settings =>
    [
        ("Audit:SealSeconds", "0.05"), ("Audit:CheckpointSeconds", "0.05"),
        ("Audit:CheckpointDirectory", Path.Combine(_directory, "checkpoints")), ("Audit:SigningKeyFile", _key),
    ];

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();

        // Says when something was sealed, so that no test has to guess.
        await _database.ExecuteAsync("""
            CREATE FUNCTION say_sealed() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_notify('sealed', ''); RETURN NULL; END $$;
            CREATE TRIGGER say_sealed AFTER INSERT ON audit_chain
                FOR EACH STATEMENT EXECUTE FUNCTION say_sealed();
            """);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _key = Path.Combine(_directory, "signing.pem");
        await File.WriteAllTextAsync(_key, key.ExportECPrivateKeyPem(), Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Two_workers_make_one_chain_and_a_third_goes_on_with_it()
    {
        await using (var first = new WorkerProcess(_database, Settings))
        await using (var second = new WorkerProcess(_database, Settings))
        {
            first.CreateClient();
            second.CreateClient();
            await RecordAndWaitAsync(25);
        }

        await using (var third = new WorkerProcess(_database, Settings))
        {
            third.CreateClient();
            await RecordAndWaitAsync(5);
        }

        using var checkpoints = new AuditOptions
        {
            CheckpointDirectory = Path.Combine(_directory, "checkpoints"),
            VerifyKeyFile = _key,
        }.OpenForVerifying();
        var found = await new VerifyAudit(_database.App, checkpoints, TimeProvider.System).ExecuteAsync(Cancel);
        Assert.Null(found.Damage);
        Assert.Equal((30, 0), (found.Sealed, found.Waiting));
        Assert.True(found.CheckpointedTo >= 25, $"Checkpoints end at {found.CheckpointedTo}.");
    }

    [Fact]
    public async Task A_sealer_whose_connections_are_cut_goes_on_unaided()
    {
        await using var worker = new WorkerProcess(_database, Settings);
        worker.CreateClient();
        await RecordAndWaitAsync(1);

        Assert.NotEmpty(await _database.QueryAsync<bool>("""
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE 'Recon.Worker %'
            """));

        await RecordAndWaitAsync(1);
    }

    [Theory]
    [InlineData("Audit:SigningKeyFile", "", "Audit:SigningKeyFile does not name")]
    [InlineData("Audit:SigningKeyFile", "gone.pem", "P-256")]
    [InlineData("Audit:CheckpointDirectory", "", "Audit:CheckpointDirectory does not say")]
    [InlineData("Audit:SealSeconds", "0", "SealSeconds")]
    public void A_bad_setting_keeps_the_worker_from_coming_up_and_is_named(
        string setting, string value, string complaint)
    {
        var refusal = WorkerProcess.Refusal(_database, [.. Settings, (setting, value)]);

        Assert.Contains(complaint, refusal.Message, StringComparison.Ordinal);
    }

    private async Task RecordAndWaitAsync(int count)
    {
        await using var connection = await _database.Superuser.OpenConnectionAsync(Cancel);
        await using (var listen = new NpgsqlCommand("LISTEN sealed", connection))
        {
            await listen.ExecuteNonQueryAsync(Cancel);
        }

        for (var i = 0; i < count; i++)
        {
            await new AuditLog(TimeProvider.System).RecordAsync(
                connection, new(new AuditActor("tester"), "refund.created", "refund", "1"), Cancel);
        }

        while (await _database.ScalarAsync<long>("SELECT count(*) FROM audit_unsealed") > 0)
        {
            Assert.True(await connection.WaitAsync(TimeSpan.FromMinutes(1), Cancel), "Nothing was sealed.");
        }
    }
}
