using Dapper;
using Npgsql;
using Payments.Api.Paging;
using Payments.Ledger;

namespace Payments.Api.Queue;

/// <summary>One page of the dead letters, newest job first, along the index that holds nothing else.</summary>
internal sealed class ListDeadLetters(NpgsqlDataSource database)
{
    /// <returns>
    /// Up to one more than the limit, in the direction of the page; null when the cursor never was a dead letter. One
    /// that was redriven meanwhile still is a cursor, so that a list can be redriven while it is read.
    /// </returns>
    public async Task<List<DeadLetterAnswer>?> ExecuteAsync(Guid? cursor, PageQuery query, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        if (cursor is { } id && !await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition(CursorExistsSql, new { id }, cancellationToken: cancel)))
        {
            return null;
        }

        var parameters = new
        {
            newer = query.Backwards ? Guid.AllBitsSet : cursor ?? Guid.AllBitsSet,
            older = query.Backwards ? cursor ?? Guid.Empty : Guid.Empty,
            count = query.Limit + 1,
        };
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            query.Backwards ? OldestFirstSql : NewestFirstSql, parameters, cancellationToken: cancel));
        return [.. rows.Select(row => row.ToAnswer())];
    }

    private const string CursorExistsSql = """
        SELECT EXISTS (SELECT FROM recon_jobs WHERE id = @id AND buried_at IS NOT NULL)
            OR EXISTS (SELECT FROM redrives WHERE job_id = @id)
        """;

    private const string NewestFirstSql = """
        SELECT job.id, job.payment_id, job.kind, job.payee_account, job.payer_account, job.amount, job.currency,
            job.attempts, job.failures::int AS failures, job.last_error, job.locked_by, job.created_at, job.buried_at,
            (SELECT count(*) FROM redrives WHERE redrives.job_id = job.id) AS redrives
        FROM recon_jobs AS job
        WHERE job.buried_at IS NOT NULL AND job.id < @newer AND job.id > @older
        ORDER BY job.id DESC
        LIMIT @count
        """;

    // A page that ends before its cursor is walked from the cursor towards newer jobs.
    private static readonly string OldestFirstSql = NewestFirstSql.Replace(" DESC", "", StringComparison.Ordinal);

    private sealed record Row(
        Guid Id, Guid PaymentId, string Kind, string PayeeAccount, string? PayerAccount, long Amount, string Currency,
        int Attempts, int Failures, string? LastError, string? LockedBy, DateTimeOffset CreatedAt,
        DateTimeOffset BuriedAt, long Redrives)
    {
        public DeadLetterAnswer ToAnswer() => new(
            Id, PaymentId, Kind, PayeeAccount, PayerAccount,
            new Money(Amount, Ledger.Currency.Get(Currency)).ToDecimal(), Currency, Attempts, Failures, LastError,
            LockedBy, CreatedAt, BuriedAt, Redrives);
    }
}
