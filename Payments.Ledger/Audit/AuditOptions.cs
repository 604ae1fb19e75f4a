using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Payments.Ledger.Audit;

/// <summary>How the audit trail is sealed and signed; section <c>Audit</c> of the configuration.</summary>
public sealed class AuditOptions
{
    public const string Section = "Audit";

    /// <summary>How often the sealer looks for new events: what is unsealed could still be changed unseen.</summary>
    [Range(0.05, 3600)]
    public double SealSeconds { get; set; } = 1;

    /// <summary>Where signed checkpoints are kept, out of reach of who can write the database. Null: nowhere.</summary>
    public string? CheckpointDirectory { get; set => field = NullIfEmpty(value); }

    /// <summary>The longest time that sealed events wait for a checkpoint.</summary>
    [Range(0.05, 86_400)]
    public double CheckpointSeconds { get; set; } = 60;

    /// <summary>Events that one checkpoint covers at the most; as many make it due at once.</summary>
    [Range(1, 10_000)]
    public int CheckpointRecords { get; set; } = 1_000;

    /// <summary>PEM file of the ECDSA P-256 private key that signs checkpoints; only the worker needs it.</summary>
    public string? SigningKeyFile { get; set => field = NullIfEmpty(value); }

    /// <summary>PEM file of the public key, for whoever verifies and may not sign.</summary>
    public string? VerifyKeyFile { get; set => field = NullIfEmpty(value); }

    public TimeSpan SealInterval => TimeSpan.FromSeconds(SealSeconds);

    public TimeSpan CheckpointInterval => TimeSpan.FromSeconds(CheckpointSeconds);

    /// <summary>What the settings of a process that signs lack, as one sentence; null when they are right.</summary>
    public string? CheckForSigning() => (CheckpointDirectory, SigningKeyFile) switch
    {
        (null, null) => null,
        (null, _) => "Audit:SigningKeyFile is set, but Audit:CheckpointDirectory does not say where checkpoints go.",
        (_, null) => "Audit:CheckpointDirectory is set, but Audit:SigningKeyFile does not name the key that signs.",
        (_, { } file) => CheckKey(nameof(SigningKeyFile), file),
    };

    /// <summary>As <see cref="CheckForSigning"/>, of a process that verifies.</summary>
    public string? CheckForVerifying() => (CheckpointDirectory, VerifyKeyFile, SigningKeyFile) switch
    {
        (null, _, _) => null,
        (_, null, null) => "Audit:CheckpointDirectory is set, but Audit:VerifyKeyFile does not name the public key.",
        (_, { } file, _) => CheckKey(nameof(VerifyKeyFile), file),
        (_, null, { } file) => CheckKey(nameof(SigningKeyFile), file),
    };

    /// <summary>The checkpoints to write; null when none are.</summary>
    public CheckpointStore? OpenForSigning() => Open(SigningKeyFile);

    /// <summary>The checkpoints to verify against; null when none are kept.</summary>
    public CheckpointStore? OpenForVerifying() => Open(VerifyKeyFile ?? SigningKeyFile);

    private static string? NullIfEmpty(string? setting) => string.IsNullOrWhiteSpace(setting) ? null : setting;

    private CheckpointStore? Open(string? keyFile) => CheckpointDirectory is { } directory && keyFile is not null
        ? new CheckpointStore(directory, ReadKey(keyFile))
        : null;

    private static string? CheckKey(string setting, string file)
    {
        try
        {
            ReadKey(file).Dispose();
            return null;
        }
        catch (Exception e) when (
            e is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
        {
            return $"Audit:{setting} must be a PEM file with an ECDSA key on the curve P-256: {e.Message}";
        }
    }

    private static ECDsa ReadKey(string file)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(file));
            return key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == "1.2.840.10045.3.1.7"
                ? key
                : throw new CryptographicException("The key is on another curve.");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }
}

public static class AuditServices
{
    /// <summary>The settings, and what records events.</summary>
    /// <param name="check">What is wrong with the settings for this process, if anything is.</param>
    public static void AddAudit(this IServiceCollection services, Func<AuditOptions, string?> check)
    {
        services.AddSingleton<AuditLog>();
        services.AddOptions<AuditOptions>().BindConfiguration(AuditOptions.Section).ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<AuditOptions>>(new Checked(check));
    }

    private sealed class Checked(Func<AuditOptions, string?> check)
        : IValidateOptions<AuditOptions>
    {
        public ValidateOptionsResult Validate(string? name, AuditOptions options) =>
            check(options) is { } complaint
                ? ValidateOptionsResult.Fail(complaint)
                : ValidateOptionsResult.Success;
    }
}
