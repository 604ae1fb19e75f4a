using System.Diagnostics;
using Dapper;
using Npgsql;

namespace Payments.Api.Idempotency;

/// <summary>Keys of requests that leave no row of their own, in <c>idempotency_keys</c>.</summary>
internal sealed class KeyTable(TimeProvider clock) : IKeyStore
{
    /// <remarks>
    /// Reads in a statement after the insert that waited: the insert's own snapshot is older than what it waited for.
    /// </remarks>
    public async Task<TakenKey?> ClaimAsync(
        RequestKey requestKey, NpgsqlTransaction transaction, CancellationToken cancel)
    {
        while (true)
        {
            var inserted = await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                InsertSql, Parameters(requestKey), transaction, cancellationToken: cancel));
            if (inserted == 1)
            {
                return null;
            }

            // Gone again when it is so old that it was cleared just now: then the key is free.
            var row = await transaction.Connection!.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
                FindSql, Parameters(requestKey), transaction, cancellationToken: cancel));
            if (row is not null)
            {
                return new TakenKey(row.Fingerprint, new FinishedAnswer(row.Status, row.Body, row.Location));
            }
        }
    }

    public async Task FinishAsync(
        RequestKey requestKey, FinishedAnswer answer, NpgsqlTransaction transaction, CancellationToken cancel)
    {
        var finished = await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            FinishSql,
            new
            {
                requestKey.Scope.OwnerId,
                requestKey.Scope.Route,
                requestKey.Scope.Key,
                status = (short)answer.Status,
                answer.Location,
                answer.Body,
            },
            transaction,
            cancellationToken: cancel));
        if (finished != 1)
        {
            throw new UnreachableException("The key is this transaction's, and nobody else can have removed it.");
        }
    }

    private object Parameters(RequestKey requestKey) => new
    {
        requestKey.Scope.OwnerId,
        requestKey.Scope.Route,
        requestKey.Scope.Key,
        requestKey.Fingerprint,
        now = clock.GetUtcNow(),
    };

    private const string InsertSql = """
        INSERT INTO idempotency_keys (owner_id, route, key, fingerprint, created_at)
        VALUES (@ownerId, @route, @key, @fingerprint, @now)
        ON CONFLICT ON CONSTRAINT idempotency_keys_pkey DO NOTHING
        """;

    // What is committed is finished: the row is inserted and filled by one transaction.
    private const string FindSql = """
        SELECT fingerprint, status, body, location
        FROM idempotency_keys
        WHERE owner_id = @ownerId AND route = @route AND key = @key AND status IS NOT NULL
        """;

    private const string FinishSql = """
        UPDATE idempotency_keys
        SET status = @status, location = @location, body = @body
        WHERE owner_id = @ownerId AND route = @route AND key = @key
        """;

    private sealed record Row(byte[] Fingerprint, short Status, byte[] Body, string? Location);
}
