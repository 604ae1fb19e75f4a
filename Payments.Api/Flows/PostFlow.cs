using Npgsql;
using Payments.Ledger.Accounts;
using Payments.Ledger.Postings;

namespace Payments.Api.Flows;

/// <summary>
/// Posts the transfer that ends a flow, within the connection's open transaction, and leaves its accounts locked.
/// </summary>
internal static class PostFlow
{
    /// <param name="corrects">The transaction that it takes back, if it does that.</param>
    /// <returns>The accounts as the transfer leaves them.</returns>
    public static async Task<HeldAccounts> ExecuteAsync(
        NpgsqlConnection connection, Guid transactionId, string kind, AccountKey debit, AccountKey credit, long amount,
        Guid? corrects, CancellationToken cancel)
    {
        var held = await HeldAccounts.LockAsync(connection, [debit, credit], cancel);
        var postings = new PostingBatch(held.CreatedAt);
        postings.Transfer(transactionId, kind, held[debit], held[credit], amount, debit.Currency, corrects);
        await postings.WriteAsync(connection, cancel);
        return held;
    }
}
