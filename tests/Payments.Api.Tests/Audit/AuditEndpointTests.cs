using System.Security.Cryptography;
using Payments.Api.Audit;
using Payments.Ledger.Audit;

namespace Payments.Api.Tests.Audit;

public sealed class AuditEndpointTests : IAsyncLifetime
{
    private readonly TestDatabase _database = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("audit").FullName;
    private string _privateKey = "";
    private string _publicKey = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Checkpoints => Path.Combine(_directory, "checkpoints");

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        await TestKeys.AddAsync(_database, "auditor", ApiServer.Key, ["audit:read"]);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _privateKey = Path.Combine(_directory, "signing.pem");
        _publicKey = Path.Combine(_directory, "public.pem");
        await File.WriteAllTextAsync(_privateKey, key.ExportPkcs8PrivateKeyPem(), Cancel);
        await File.WriteAllTextAsync(_publicKey, key.ExportSubjectPublicKeyInfoPem(), Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Events_are_listed_newest_first_with_filters_and_their_place_in_the_chain()
    {
        await using var api = ApiServer.Start(_database.AppConnectionString);
        await RecordAsync("refund.created", "r-1");
        await RecordAsync("refund.created", "r-2");
        await AuditEvents.SealAsync(_database);
        await RecordAsync("key.revoked", "k-1", AuditOutcome.Refused);

        var all = (await api.Client.GetJsonAsync("/api/v1/audit/events")).GetProperty("data");
        var refunds = (await api.Client.GetJsonAsync(
            "/api/v1/audit/events?action=refund.created&actor=tester&objectType=refund&limit=1")).GetProperty("data");
        var next = (await api.Client.GetJsonAsync(
            $"/api/v1/audit/events?limit=1&starting_after={refunds[0].GetProperty("id").GetString()}"))
            .GetProperty("data");
        var before = (await api.Client.GetJsonAsync(
            $"/api/v1/audit/events?limit=1&ending_before={refunds[0].GetProperty("id").GetString()}"))
            .GetProperty("data");
        using var unknown = await api.Client.GetAsync(
            $"/api/v1/audit/events?starting_after={Guid.CreateVersion7()}", Cancel);

        Assert.Equal(
            ["key.revoked k-1 refused unsealed", "refund.created r-2 succeeded 2", "refund.created r-1 succeeded 1"],
            all.EnumerateArray().Select(Shown), StringComparer.Ordinal);
        Assert.Equal("refund.created r-2 succeeded 2", Shown(refunds[0]));
        Assert.Equal("refund.created r-1 succeeded 1", Shown(next[0]));
        Assert.Equal("key.revoked k-1 refused unsealed", Shown(before[0]));
        Assert.Equal("invalid_cursor", await unknown.CodeAsync());
    }

    [Fact]
    public async Task The_api_and_the_command_tell_an_intact_trail_from_a_damaged_one()
    {
        await using var api = ApiServer.Start(
            _database.AppConnectionString, "Production",
            ("Audit:CheckpointDirectory", Checkpoints), ("Audit:VerifyKeyFile", _publicKey));
        await RecordAsync("refund.created", "r-1");
        await RecordAsync("refund.created", "r-2");
        await RecordAsync("refund.created", "r-3");
        await AuditEvents.SealAsync(
            _database, new AuditOptions { CheckpointDirectory = Checkpoints, SigningKeyFile = _privateKey });

        var intact = await api.Client.GetJsonAsync("/api/v1/audit/verification");
        var (intactCode, intactText) = await RunAsync($"--Audit:VerifyKeyFile={_publicKey}");
        await AuditEvents.TamperAsync(
            _database,
            "DELETE FROM audit_events WHERE object_id = 'r-3'; DELETE FROM audit_chain WHERE sequence = 3");
        var damaged = await api.Client.GetJsonAsync("/api/v1/audit/verification");
        var (damagedCode, damagedText) = await RunAsync($"--Audit:VerifyKeyFile={_publicKey}");

        Assert.True(intact.GetProperty("intact").GetBoolean());
        Assert.Equal(
            (3, 1, 3),
            (intact.GetProperty("sealed").GetInt32(), intact.GetProperty("checkpoints").GetInt32(),
                intact.GetProperty("checkpointedTo").GetInt32()));
        Assert.Equal(0, intactCode);
        Assert.Contains("✅ THE AUDIT TRAIL IS INTACT", intactText, StringComparison.Ordinal);
        var damage = damaged.GetProperty("damage");
        Assert.Equal(
            (3, "cut"), (damage.GetProperty("firstBadSequence").GetInt32(), damage.GetProperty("kind").GetString()));
        Assert.Equal(1, damagedCode);
        Assert.Contains("❌ DAMAGED at 3: cut", damagedText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_says_what_it_lacks()
    {
        Assert.Contains("Audit:VerifyKeyFile", await ComplaintAsync(), StringComparison.Ordinal);
        Assert.Contains("P-256", await ComplaintAsync("--Audit:VerifyKeyFile=gone.pem"), StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings:payments", await ComplaintAsync(
            "--ConnectionStrings:payments=", $"--Audit:VerifyKeyFile={_publicKey}"), StringComparison.Ordinal);
        Assert.Contains("cannot tell", await ComplaintAsync(
            "--ConnectionStrings:payments=Host=127.0.0.1;Port=1;Username=x;Password=x",
            $"--Audit:VerifyKeyFile={_publicKey}"), StringComparison.Ordinal);
    }

    private async Task<string> ComplaintAsync(params string[] arguments)
    {
        var (code, text) = await RunAsync(arguments);
        Assert.Equal(1, code);
        return text;
    }

    private async Task<(int Code, string Text)> RunAsync(params string[] arguments)
    {
        await using var output = new StringWriter();
        var code = await VerifyAuditCommand.RunAsync(
            [
                "verify-audit", "--environment=Production", $"--Audit:CheckpointDirectory={Checkpoints}",
                $"--ConnectionStrings:payments={_database.AppConnectionString}", .. arguments,
            ],
            output);
        return (code, output.ToString());
    }

    private Task RecordAsync(string action, string objectId, string outcome = AuditOutcome.Succeeded) =>
        AuditEvents.RecordAsync(
            _database,
            new(new("tester"), action, action.Split('.')[0], objectId) { Outcome = outcome });

    private static string Shown(JsonElement audited) => string.Join(' ',
        audited.GetProperty("action").GetString(),
        audited.GetProperty("objectId").GetString(),
        audited.GetProperty("outcome").GetString(),
        audited.GetProperty("sequence").ValueKind == JsonValueKind.Null
            ? "unsealed"
            : audited.GetProperty("sequence").GetRawText());
}
