using System.Security.Cryptography;
using Payments.Api.Audit;
using Payments.Ledger.Audit;

namespace Payments.Api.Tests.Audit;

public sealed class AcceptRestoreCommandTests : IAsyncLifetime
{
    private readonly TestDatabase _database = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("audit").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Checkpoints => Path.Combine(_directory, "checkpoints");

    private string PrivateKey => Path.Combine(_directory, "signing.pem");

    private string PublicKey => Path.Combine(_directory, "public.pem");

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(PrivateKey, key.ExportPkcs8PrivateKeyPem(), Cancel);
        await File.WriteAllTextAsync(PublicKey, key.ExportSubjectPublicKeyInfoPem(), Cancel);
        foreach (var id in (string[])["r-1", "r-2", "r-3"])
        {
            await AuditEvents.RecordAsync(_database, new(new("tester"), "refund.created", "refund", id));
        }

        await AuditEvents.SealAsync(
            _database, new AuditOptions { CheckpointDirectory = Checkpoints, SigningKeyFile = PrivateKey });
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_restore_is_accepted_with_a_reason_and_the_public_key()
    {
        await RestoreToTwoAsync();

        var (code, text) = await RunAsync("--reason=The disk is gone.");

        Assert.Equal(0, code);
        Assert.Contains(
            "the audit trail goes on after event 2. It had been signed up to 3.", text, StringComparison.Ordinal);
        Assert.Contains("✅ THE AUDIT TRAIL IS INTACT", await VerifyAsync(), StringComparison.Ordinal);
        Assert.Contains("restores       1 accepted", await VerifyAsync(), StringComparison.Ordinal);
        Assert.Equal("The disk is gone.", await _database.ScalarAsync<string>(
            "SELECT details->>'reason' FROM audit_events WHERE action = 'audit.restored'"));
    }

    [Fact]
    public async Task An_intact_trail_has_nothing_to_accept()
    {
        var (code, text) = await RunAsync("--reason=none");

        Assert.Equal(0, code);
        Assert.Contains("nothing to accept", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_damage_is_refused()
    {
        await AuditEvents.TamperAsync(_database, "UPDATE audit_events SET actor = 'x' WHERE object_id = 'r-2'");

        var (code, text) = await RunAsync("--reason=none");

        Assert.Equal(1, code);
        Assert.Contains("no restore leaves such damage: edited at 2.", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--reason", "--reason=")]
    [InlineData("Audit:CheckpointDirectory", "--reason=x", "--Audit:CheckpointDirectory=")]
    [InlineData("P-256", "--reason=x", "--Audit:VerifyKeyFile=gone.pem")]
    [InlineData("cannot tell", "--reason=x", "--ConnectionStrings:payments=Host=127.0.0.1;Port=1;Username=x")]
    public async Task What_it_lacks_is_said(string said, params string[] arguments)
    {
        await RestoreToTwoAsync();

        var (code, text) = await RunAsync(arguments);

        Assert.Equal(1, code);
        Assert.Contains(said, text, StringComparison.Ordinal);
    }

    private Task RestoreToTwoAsync() => AuditEvents.TamperAsync(
        _database, "DELETE FROM audit_events WHERE object_id = 'r-3'; DELETE FROM audit_chain WHERE sequence = 3");

    private async Task<(int Code, string Text)> RunAsync(params string[] arguments)
    {
        await using var output = new StringWriter();
        var code = await AcceptRestoreCommand.RunAsync([AcceptRestoreCommand.Name, .. Settings, .. arguments], output);
        return (code, output.ToString());
    }

    private async Task<string> VerifyAsync()
    {
        await using var output = new StringWriter();
        await VerifyAuditCommand.RunAsync([VerifyAuditCommand.Name, .. Settings], output);
        return output.ToString();
    }

    private string[] Settings =>
    [
        "--environment=Production", $"--ConnectionStrings:payments={_database.AppConnectionString}",
        $"--Audit:CheckpointDirectory={Checkpoints}", $"--Audit:VerifyKeyFile={PublicKey}",
    ];
}
