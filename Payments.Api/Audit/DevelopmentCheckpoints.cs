using System.Globalization;
using System.Security.Cryptography;
using Dapper;
using Npgsql;
using Payments.Ledger.Audit;

namespace Payments.Api.Audit;

/// <summary>
/// On a development machine, makes what signed checkpoints of the audit trail need: a key, and a place. Databases come
/// and go there, so checkpoints of a former one, whose events this one never had, are put aside.
/// </summary>
internal static class DevelopmentCheckpoints
{
    // Says whose checkpoints the directory has.
    private const string OwnerFile = "database";

    /// <summary>
    /// Where a development run of the AppHost keeps them, seen from this project; null when it never ran.
    /// </summary>
    public static (string Directory, string VerifyKeyFile)? Find(string contentRoot)
    {
        var place = Path.GetFullPath(Path.Combine(contentRoot, "..", ".data", "audit"));
        var (directory, key) = (Path.Combine(place, "checkpoints"), Path.Combine(place, "public.pem"));
        return Directory.Exists(directory) && File.Exists(key) ? (directory, key) : null;
    }

    /// <summary>Does nothing unless place and keys are all configured.</summary>
    /// <param name="database">As a superuser, who may ask for the server's identity.</param>
    public static async Task PrepareAsync(
        NpgsqlDataSource database, AuditOptions options, TimeProvider clock, CancellationToken cancel)
    {
        if (options is not
            { CheckpointDirectory: { } place, SigningKeyFile: { } signing, VerifyKeyFile: { } verifying })
        {
            return;
        }

        var owner = await OwnerAsync(database, cancel);
        var ownerFile = Path.Combine(place, OwnerFile);
        var isOurs = File.Exists(signing) && File.Exists(ownerFile)
            && await File.ReadAllTextAsync(ownerFile, cancel) == owner;
        if (!isOurs && Directory.Exists(place))
        {
            var now = clock.GetUtcNow().ToString("yyyyMMdd'T'HHmmssfff", CultureInfo.InvariantCulture);
            Directory.Move(place, $"{place}-until-{now}");
        }

        Directory.CreateDirectory(place);
        MakeKeys(signing, verifying);
        await File.WriteAllTextAsync(ownerFile, owner, cancel);
    }

    private static void MakeKeys(string signing, string verifying)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(signing))
        {
            key.ImportFromPem(File.ReadAllText(signing));
        }
        else
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(signing))!);
            var settings = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                settings.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var file = new StreamWriter(new FileStream(signing, settings));
            file.WriteLine(key.ExportECPrivateKeyPem());
        }

        File.WriteAllText(verifying, key.ExportSubjectPublicKeyInfoPem());
    }

    private static async Task<string> OwnerAsync(NpgsqlDataSource database, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return (await connection.ExecuteScalarAsync<string>(
            new CommandDefinition(OwnerSql, cancellationToken: cancel)))!;
    }

    private const string OwnerSql = """
        SELECT system.system_identifier || '/' || here.oid
        FROM pg_control_system() AS system
        CROSS JOIN pg_database AS here
        WHERE here.datname = current_database()
        """;
}
