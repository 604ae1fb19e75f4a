using Npgsql;

namespace Payments.Ledger.Postings;

/// <summary>Sends the statements of a posting that goes alone, within the connection's open transaction.</summary>
public static class PostingStatements
{
    public static Task WriteAsync(this PostingBatch postings, NpgsqlConnection connection, CancellationToken cancel) =>
        SendAsync(connection, postings.Statements(), cancel);

    public static Task WriteAsync(
        this CompoundPosting posting, NpgsqlConnection connection, CancellationToken cancel) =>
        SendAsync(connection, posting.Statements(), cancel);

    private static async Task SendAsync(
        NpgsqlConnection connection, IEnumerable<NpgsqlBatchCommand> statements, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var statement in statements)
        {
            batch.BatchCommands.Add(statement);
        }

        await batch.ExecuteNonQueryAsync(cancel);
    }
}
