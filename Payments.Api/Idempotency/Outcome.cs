using System.Diagnostics;
using Npgsql;

namespace Payments.Api.Idempotency;

/// <summary>
/// What a writing request does within the transaction that also holds its key. It neither commits nor rolls back: its
/// outcome says which of both is to happen.
/// </summary>
internal delegate Task<Outcome> Effect(NpgsqlTransaction transaction, CancellationToken cancel);

/// <summary>The same, of a request with a body.</summary>
internal delegate Task<Outcome> Effect<in T>(T request, NpgsqlTransaction transaction, CancellationToken cancel);

/// <summary>The two ways in which an effect can end.</summary>
internal abstract record Outcome
{
    /// <summary>Committed together with the answer, which every repetition gets.</summary>
    /// <param name="Committed">Called once, after the commit: what others are to be told.</param>
    public sealed record Done(FinishedAnswer Answer, Action? Committed = null) : Outcome;

    /// <summary>Nothing was done: everything is rolled back, and the key may be used again.</summary>
    public sealed record Refused(Problem Problem) : Outcome;

    /// <summary>Commits what is done; what is refused is left to be rolled back.</summary>
    /// <param name="finished">Called after the commit, before anybody is told.</param>
    public async Task<IResult> EndAsync(NpgsqlTransaction transaction, Action<FinishedAnswer>? finished = null)
    {
        switch (this)
        {
            case Done done:
                // A caller who hangs up now takes nothing back.
                await transaction.CommitAsync(CancellationToken.None);
                finished?.Invoke(done.Answer);
                done.Committed?.Invoke();
                return done.Answer;
            case Refused refused:
                return refused.Problem;
            default:
                throw new UnreachableException();
        }
    }

    public static implicit operator Outcome(Problem problem) => new Refused(problem);

    public static implicit operator Outcome(FinishedAnswer answer) => new Done(answer);
}
