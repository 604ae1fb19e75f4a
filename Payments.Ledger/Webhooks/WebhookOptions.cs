using System.ComponentModel.DataAnnotations;

namespace Payments.Ledger.Webhooks;

/// <summary>What an operator may set of webhooks, under <c>Webhooks:</c>.</summary>
public sealed class WebhookOptions : IValidatableObject
{
    public const string Section = "Webhooks";

    private const int KeyBytes = 32;

    /// <summary>
    /// Encrypts the targets' secrets in the database: base64 of 32 bytes, the same for the API and the worker. Several,
    /// separated by commas: the first encrypts, all decrypt. Without one, secrets are kept as they are
    /// in development, and no target is made elsewhere.
    /// </summary>
    public string? EncryptionKey { get; set; }

    /// <summary>How long a target may take for its answer.</summary>
    [Range(15, 30)]
    public double TimeoutSeconds { get; set; } = 20;

    /// <summary>Deliveries that one worker makes at a time.</summary>
    [Range(1, 64)]
    public int Parallel { get; set; } = 16;

    /// <summary>Deliveries that one worker makes to one target at a time.</summary>
    [Range(1, 16)]
    public int ParallelForTarget { get; set; } = 2;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Keys().Any(key => key is null)
            ? [new ValidationResult("Webhooks:EncryptionKey must be base64 of 32 bytes, or several with commas.")]
            : [];

    /// <summary>The keys, of which the first encrypts; null for one that is none.</summary>
    internal IEnumerable<byte[]?> Keys() =>
        (EncryptionKey ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(text =>
            {
                var key = new byte[KeyBytes];
                return Convert.TryFromBase64String(text, key, out var length) && length == KeyBytes ? key : null;
            });
}
