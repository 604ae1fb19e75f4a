using System.Globalization;
using Dapper;
using Npgsql;
using Payments.Ledger.Accounts;
using Payments.Ledger.Postings;

namespace Payments.Ledger.Reconciliation.Corrections;

/// <summary>What became of the posting of a remainder.</summary>
/// <param name="Failure">Why nothing was posted; null when it was.</param>
internal sealed record PostedRemainder(Guid? TransactionId, Guid? CounterTransactionId, string? Failure);

/// <summary>
/// Posts what a flow is short of: the account that tells its amount against suspense, and the account on the other side
/// against suspense where that is short too, so that suspense keeps only what nobody can place. Each is a balanced
/// transaction of its own that names the flow's in <c>corrects</c>, by which the check counts it as the flow's. The
/// check of the item is made again in the same transaction; if it does not agree, nothing stays posted.
/// </summary>
internal static class PostRemainder
{
    public static async Task<PostedRemainder> ExecuteAsync(
        NpgsqlConnection connection, CorrectedException exception, FlowRemainder remainder, CancellationToken cancel)
    {
        await connection.ExecuteAsync(new CommandDefinition("SAVEPOINT correction", cancellationToken: cancel));
        var posted = await TryAsync(connection, exception, remainder, cancel);
        if (posted.Failure is not null)
        {
            await connection.ExecuteAsync(
                new CommandDefinition("ROLLBACK TO SAVEPOINT correction", cancellationToken: cancel));
        }

        return posted;
    }

    /// <summary>Posts the reverse of both transactions of an adjustment.</summary>
    public static async Task<PostedRemainder> UndoAsync(
        NpgsqlConnection connection, Adjustment adjustment, CancellationToken cancel)
    {
        var movements = new List<Movement>
        {
            new(adjustment.Account, -adjustment.Amount, adjustment.TransactionId!.Value),
        };
        if (adjustment is { CounterTransactionId: { } counter, CounterAccount: { } account })
        {
            movements.Add(new Movement(account, -adjustment.CounterAmount, counter));
        }

        return await PostAsync(connection, "reversal", adjustment.Currency, movements, cancel);
    }

    private static async Task<PostedRemainder> TryAsync(
        NpgsqlConnection connection, CorrectedException exception, FlowRemainder remainder, CancellationToken cancel)
    {
        var movements = new List<Movement> { new(remainder.Account, remainder.Missing, remainder.TransactionId) };
        if (remainder.CounterMissing != 0)
        {
            movements.Add(new Movement(remainder.Counter, remainder.CounterMissing, remainder.TransactionId));
        }

        var posted = await PostAsync(connection, AdjustmentKind.Adjustment, remainder.Currency, movements, cancel);
        if (posted.Failure is not null)
        {
            return posted;
        }

        Guid[] ids = posted is { TransactionId: { } one, CounterTransactionId: var other }
            ? other is { } two ? [one, two] : [one]
            : [];
        var left = await FlowRemainder.ReadAsync(connection, exception, ids, cancel);
        return left is { Agrees: true }
            ? posted
            : new PostedRemainder(null, null, "The check did not agree after it.");
    }

    private static async Task<PostedRemainder> PostAsync(
        NpgsqlConnection connection, string kind, string currency, List<Movement> movements, CancellationToken cancel)
    {
        var suspense = new AccountKey(AccountName.Suspense, currency);
        var keys = movements.ConvertAll(movement => new AccountKey(movement.Account, currency));
        var held = await HeldAccounts.LockAsync(connection, [suspense, .. keys], cancel);
        var postings = new PostingBatch(held.CreatedAt);
        var ids = movements.ConvertAll(_ => Guid.CreateVersion7());
        foreach (var (place, movement) in movements.Index())
        {
            if (Math.Abs(movement.Amount) > Money.MaxMinor)
            {
                return new PostedRemainder(null, null, "The amount is larger than any payment's.");
            }

            var amount = (long)movement.Amount;
            var account = held[keys[place]];
            var (debit, credit) = amount > 0 ? (held[suspense], account) : (account, held[suspense]);
            if (!debit.CanPay(Math.Abs(amount)))
            {
                return new PostedRemainder(null, null, string.Create(
                    CultureInfo.InvariantCulture, $"{movement.Account} would be left with less than its minimum."));
            }

            postings.Transfer(ids[place], kind, debit, credit, Math.Abs(amount), currency, movement.Corrects);
        }

        await postings.WriteAsync(connection, cancel);
        return new PostedRemainder(ids[0], ids.Count > 1 ? ids[1] : null, null);
    }

    /// <param name="Amount">What the account receives from suspense, minor units.</param>
    private readonly record struct Movement(string Account, decimal Amount, Guid Corrects);
}
