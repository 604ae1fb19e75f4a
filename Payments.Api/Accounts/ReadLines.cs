using System.Runtime.CompilerServices;
using Dapper;
using Npgsql;

namespace Payments.Api.Accounts;

/// <summary>
/// Reads a stretch of an account's entries, oldest first, slice by slice, so that a history of any length passes
/// through little memory and no connection is held while a slow client takes its time. Entries never change, so
/// slices that are read at different times fit together.
/// </summary>
internal sealed class ReadLines(NpgsqlDataSource database)
{
    /// <summary>Entries in a slice.</summary>
    public const int SliceSize = 1_000;

    /// <param name="after">The position before the first.</param>
    /// <param name="last">The last position.</param>
    public async IAsyncEnumerable<IReadOnlyList<EntryLine>> ExecuteAsync(
        AccountRow account, long after, long last, [EnumeratorCancellation] CancellationToken cancel)
    {
        // By the entries that there are, and not by the numbers of positions: an account's row that says too much of
        // them must not keep its reader for ever.
        var from = after;
        while (from < last)
        {
            var slice = new { account.Id, from, last, count = SliceSize };
            await using var connection = await database.OpenConnectionAsync(cancel);
            var lines = (await connection.QueryAsync<EntryLine>(
                new CommandDefinition(ReadSql, slice, cancellationToken: cancel))).AsList();
            await connection.CloseAsync();
            if (lines.Count > 0)
            {
                yield return lines;
            }

            from = lines.Count < SliceSize ? last : lines[^1].Position;
        }
    }

    // The look-ups stand in the list of columns so that each is a probe by primary key, whatever the planner expects.
    private const string ReadSql = """
        SELECT entry.position, entry.created_at, entry.transaction_id,
            (SELECT kind FROM ledger_transactions WHERE id = entry.transaction_id) AS kind,
            (SELECT description FROM payments WHERE id = entry.transaction_id) AS description,
            entry.amount, entry.balance_after
        FROM ledger_entries AS entry
        WHERE entry.account_id = @id AND entry.position > @from AND entry.position <= @last
        ORDER BY entry.position
        LIMIT @count
        """;
}

/// <summary>An entry as it is exported; columns in this order.</summary>
internal sealed record EntryLine(
    long Position, DateTimeOffset CreatedAt, Guid TransactionId, string Kind, string? Description, long Amount,
    long BalanceAfter);
