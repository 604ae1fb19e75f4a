namespace Recon.Worker.Jobs;

/// <summary>A job that this worker holds, with all that settlement needs, so that payments are not read.</summary>
/// <param name="Sequence">Queue order within the division.</param>
/// <param name="Failures">How often it failed alone, a death of the last worker included.</param>
/// <param name="Suspect">Its last worker disappeared: it runs alone once.</param>
/// <param name="PayerAccount">NULL: the clearing account of the division.</param>
/// <param name="Amount">Minor units of the currency.</param>
/// <param name="Traceparent">W3C trace context of the request, when that was sampled.</param>
internal sealed record ClaimedJob(
    Guid Id,
    Guid PaymentId,
    long Sequence,
    short Division,
    short Failures,
    bool Suspect,
    string Kind,
    string PayeeAccount,
    string? PayerAccount,
    long Amount,
    string Currency,
    DateTime CreatedAt,
    string? Traceparent);

/// <summary>Jobs claimed together under one lease number, in the order in which they are to be settled.</summary>
/// <param name="Lease">The fence: it was drawn for this claim alone.</param>
/// <param name="AskedAt">Time stamp of the worker's clock; the lease is not older than this.</param>
/// <param name="AnsweredAt">Time stamp of the worker's clock.</param>
internal sealed record Claim(long Lease, IReadOnlyList<ClaimedJob> Jobs, long AskedAt, long AnsweredAt)
{
    public static Claim Nothing { get; } = new(0, [], 0, 0);

    /// <summary>
    /// Whether all of the claim before it was settled. One that was made behind a batch still being settled does not
    /// touch the accounts until that is known.
    /// </summary>
    public Task<bool> IsInTurn { get; init; } = Task.FromResult(true);

    /// <exception cref="NotInTurnException">Not all of the claim before it was settled.</exception>
    public async Task WaitForTurnAsync()
    {
        if (!await IsInTurn)
        {
            throw new NotInTurnException(Lease);
        }
    }
}

/// <summary>
/// What was claimed before was not all settled, and has to be settled first. Nothing was written.
/// </summary>
internal sealed class NotInTurnException(long lease)
    : Exception($"Lease {lease} stands behind one that was not settled.");
