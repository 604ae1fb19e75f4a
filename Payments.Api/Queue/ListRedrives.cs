using System.Globalization;
using Dapper;
using Npgsql;
using Payments.Api.Paging;

namespace Payments.Api.Queue;

/// <summary>One page of the redrives, newest first: of all jobs, or of one.</summary>
internal sealed class ListRedrives(NpgsqlDataSource database)
{
    /// <returns>
    /// Up to one more than the limit, in the direction of the page; null when the cursor is no redrive.
    /// </returns>
    public async Task<List<RedriveAnswer>?> ExecuteAsync(
        Guid? jobId, long? cursor, PageQuery query, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        if (cursor is { } id && !await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition(CursorExistsSql, new { id }, cancellationToken: cancel)))
        {
            return null;
        }

        var parameters = new
        {
            jobId,
            newer = query.Backwards ? long.MaxValue : cursor ?? long.MaxValue,
            older = query.Backwards ? cursor ?? 0 : 0,
            count = query.Limit + 1,
        };
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            query.Backwards ? OldestFirstSql : NewestFirstSql, parameters, cancellationToken: cancel));
        return [.. rows.Select(row => row.ToAnswer())];
    }

    private const string CursorExistsSql = "SELECT EXISTS (SELECT FROM redrives WHERE id = @id)";

    private const string NewestFirstSql = """
        SELECT redrive.id, redrive.job_id, redrive.payment_id, redrive.redriven_at, owner.name, redrive.buried_at,
            redrive.attempts, redrive.failures::int AS failures, redrive.last_error
        FROM redrives AS redrive
        JOIN key_owners AS owner ON owner.id = redrive.owner_id
        WHERE redrive.id < @newer AND redrive.id > @older AND (@jobId::uuid IS NULL OR redrive.job_id = @jobId)
        ORDER BY redrive.id DESC
        LIMIT @count
        """;

    private static readonly string OldestFirstSql = NewestFirstSql.Replace(" DESC", "", StringComparison.Ordinal);

    private sealed record Row(
        long Id, Guid JobId, Guid PaymentId, DateTimeOffset RedrivenAt, string Name, DateTimeOffset BuriedAt,
        int Attempts, int Failures, string? LastError)
    {
        public RedriveAnswer ToAnswer() => new(
            Id.ToString(CultureInfo.InvariantCulture), JobId, PaymentId, RedrivenAt, Name, BuriedAt, Attempts,
            Failures, LastError);
    }
}
