using System.Runtime.Versioning;
using Payments.Api.Audit;
using Payments.Ledger.Audit;

namespace Payments.Api.Tests.Audit;

public sealed class DevelopmentCheckpointsTests(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("payments-tests-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Place => Path.Combine(_root, ".data", "audit");

    private AuditOptions Options => new()
    {
        CheckpointDirectory = Path.Combine(Place, "checkpoints"),
        SigningKeyFile = Path.Combine(Place, "signing.pem"),
        VerifyKeyFile = Path.Combine(Place, "public.pem"),
    };

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [UnsupportedOSPlatform("windows")]
    [Fact]
    public async Task A_fresh_machine_can_sign_and_verify_and_the_command_finds_the_place()
    {
        Assert.Null(DevelopmentCheckpoints.Find(Path.Combine(_root, "Payments.Api")));

        await PrepareAsync(database);

        Assert.Equal((null, null), (Options.CheckForSigning(), Options.CheckForVerifying()));
        Write(7);
        using var verifying = Options.OpenForVerifying();
        Assert.Equal(7, verifying!.Read(7)?.Sequence);
        Assert.Equal(
            (Options.CheckpointDirectory!, Options.VerifyKeyFile!),
            DevelopmentCheckpoints.Find(Path.Combine(_root, "Payments.Api")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Options.SigningKeyFile!));
        }
    }

    [Fact]
    public async Task The_next_run_on_the_same_database_goes_on_with_its_key_and_its_checkpoints()
    {
        await PrepareAsync(database);
        Write(7);

        await PrepareAsync(database);

        using var verifying = Options.OpenForVerifying();
        Assert.Equal(7, verifying!.Read(7)?.Sequence);
    }

    [Fact]
    public async Task Checkpoints_of_a_former_database_are_put_aside_and_stay_whole()
    {
        await using var next = new TestDatabase();
        await next.InitializeAsync();
        await PrepareAsync(database);
        Write(7);

        await PrepareAsync(next);

        using var verifying = Options.OpenForVerifying();
        Assert.Equal(0, verifying!.LastSequence());
        var aside = Assert.Single(Directory.GetDirectories(Place, "checkpoints-until-*"));
        Assert.Single(Directory.GetFiles(aside, "*.json"));
        Write(2);
        Assert.Equal(2, verifying.LastSequence());
    }

    [Fact]
    public async Task Checkpoints_whose_key_is_lost_are_put_aside_too()
    {
        await PrepareAsync(database);
        Write(7);
        File.Delete(Options.SigningKeyFile!);

        await PrepareAsync(database);

        using var verifying = Options.OpenForVerifying();
        Assert.Equal(0, verifying!.LastSequence());
    }

    [Fact]
    public async Task Without_a_place_nothing_is_made()
    {
        await DevelopmentCheckpoints.PrepareAsync(
            database.Superuser, new AuditOptions(), TimeProvider.System, Cancel);

        Assert.Empty(Directory.GetFileSystemEntries(_root));
    }

    private Task PrepareAsync(TestDatabase of) =>
        DevelopmentCheckpoints.PrepareAsync(of.Superuser, Options, TimeProvider.System, Cancel);

    private void Write(int links)
    {
        using var signing = Options.OpenForSigning();
        signing!.Write(1, TimeProvider.System.GetUtcNow(), new byte[links * 32]);
    }
}
