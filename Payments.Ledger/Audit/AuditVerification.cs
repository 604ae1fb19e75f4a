namespace Payments.Ledger.Audit;

/// <summary>What is wrong with the audit trail.</summary>
public static class AuditDamageKind
{
    /// <summary>An event, or its link, is not what was sealed.</summary>
    public const string Edited = "edited";

    /// <summary>An event, or its link, is gone from between others.</summary>
    public const string Deleted = "deleted";

    /// <summary>An event stands at another's place.</summary>
    public const string Reordered = "reordered";

    /// <summary>The end of the chain is gone.</summary>
    public const string Cut = "cut";

    /// <summary>The chain is whole in itself, and another than the one that was signed.</summary>
    public const string Rewritten = "rewritten";

    /// <summary>An event waits for its seal for too long: nothing seals.</summary>
    public const string Unsealed = "unsealed";

    /// <summary>A checkpoint is gone from between others.</summary>
    public const string CheckpointMissing = "checkpoint_missing";

    /// <summary>A checkpoint cannot be read, or is not signed by the key.</summary>
    public const string CheckpointInvalid = "checkpoint_invalid";
}

/// <param name="FirstBadSequence">
/// The first place in the chain that is not as it was; of an event that was never sealed, the place it would have.
/// </param>
/// <param name="Kind">One of <see cref="AuditDamageKind"/>.</param>
public sealed record AuditDamage(long FirstBadSequence, string Kind, string Detail);

/// <summary>What a verification of the audit trail found.</summary>
/// <param name="Sealed">How many links the chain has.</param>
/// <param name="Head">The last link's hash in hexadecimal; null of an empty chain.</param>
/// <param name="Waiting">Events that are not sealed yet.</param>
/// <param name="Checkpoints">
/// How many signed checkpoints were compared; null when none are kept, and a cut-off tail cannot be seen.
/// </param>
/// <param name="CheckpointedTo">The last sequence that a checkpoint covers.</param>
/// <param name="Restores">How often it was accepted that the database was restored to an earlier point.</param>
/// <param name="Damage">The first damage; null when there is none.</param>
public sealed record AuditVerification(
    DateTimeOffset VerifiedAt, long Sealed, string? Head, long Waiting, int? Checkpoints, long? CheckpointedTo,
    long Restores, AuditDamage? Damage)
{
    public bool Intact => Damage is null;
}
