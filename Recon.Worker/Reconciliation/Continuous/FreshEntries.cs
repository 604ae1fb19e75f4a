using System.Runtime.CompilerServices;
using Recon.Worker.Reconciliation.Checks;

namespace Recon.Worker.Reconciliation.Continuous;

/// <summary>
/// Finds the entries that were written since the last pass by where they are: the table is only appended to, so they
/// are in its last blocks. No index and no column is needed for it, and settlement pays nothing.
/// </summary>
internal static class FreshEntries
{
    /// <summary>Of about 180,000 entries.</summary>
    public const int BlocksAtATime = 2_000;

    // Rows are put where there is room: some of the last blocks were not full yet.
    private const int BlocksBefore = 256;

    private const int MostSuspects = 1_000;

    private static readonly string Sql = BookWindows.Read("FreshEntries.sql");

    /// <param name="window">Filled anew; its memory is used again by the next pass.</param>
    /// <param name="blocksAtATime">The size of a part of the table, which bounds memory.</param>
    /// <returns>How many there are, and those to look at closely, up to a thousand.</returns>
    public static async Task<(long Entries, IReadOnlyList<FreshSuspect> Suspects)> FindAsync(
        PacedSession session, ContinuousState state, FreshWindow window, int blocksAtATime, CancellationToken cancel)
    {
        var entries = 0L;
        var suspects = new List<FreshSuspect>();
        window.Clear();
        for (var from = Math.Max(0, state.Block - BlocksBefore); from < state.Blocks; from += blocksAtATime)
        {
            var parameters = new
            {
                from = FormattableString.Invariant($"({from},0)"),
                upTo = FormattableString.Invariant($"({Math.Min(from + blocksAtATime, state.Blocks)},0)"),
                state.Xmax,
                state.LastXmin,
                state.LastSnapshot,
            };
            entries += await session.ReadAsync(Sql, parameters, window.Add, cancel);
            suspects.AddRange(await window.EndPartAsync(session, cancel));
        }

        suspects.AddRange(window.Unbalanced());
        return (entries, suspects.Count <= MostSuspects ? suspects : suspects[..MostSuspects]);
    }

    /// <summary>
    /// Walks along all entries, without a look at their transactions: a changed amount or balance and a gap stand out.
    /// It takes part of a second for each hundred thousand; what it does not reach in time is left to the sweep.
    /// </summary>
    public static async IAsyncEnumerable<FreshSuspect> WalkAsync(
        PacedSession session, TimeSpan longest, [EnumeratorCancellation] CancellationToken cancel)
    {
        var found = 0;
        await foreach (var entry in LedgerConsistency.WalkAsync(session, () => session.Worked < longest, cancel))
        {
            if (++found > MostSuspects)
            {
                yield break;
            }

            yield return new FreshSuspect(entry.AccountId, entry.Position, entry.TransactionId);
        }
    }
}

/// <summary>An entry to look at closely.</summary>
/// <param name="TransactionId">Null when its account's row is in doubt.</param>
internal sealed record FreshSuspect(long AccountId, long Position, Guid? TransactionId);
