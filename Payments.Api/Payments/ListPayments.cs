using Dapper;
using Npgsql;
using Payments.Api.Paging;

namespace Payments.Api.Payments;

/// <summary>
/// One page of payments, newest first: by id, whose order is that of creation. Each filter walks the index that holds
/// little else than what is asked for; no index of payments holds the status (see 0004_payments.sql).
/// </summary>
internal sealed class ListPayments(NpgsqlDataSource database)
{
    /// <summary>The states that a list can be filtered by.</summary>
    public static IReadOnlyList<string> Statuses { get; } =
    [
        "pending", "completed", "completed_with_discrepancy", "failed", "cancelled", "partially_refunded", "refunded",
    ];

    /// <returns>
    /// Up to one more than the limit, in the direction of the page; null when the cursor is no payment.
    /// </returns>
    public async Task<List<PaymentRow>?> ExecuteAsync(
        string? account, string? status, Guid? cursor, PageQuery query, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        if (cursor is { } id && !await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition(CursorExistsSql, new { id }, cancellationToken: cancel)))
        {
            return null;
        }

        var (sql, parameters) = StatementOf(account, status, cursor, query);
        return (await connection.QueryAsync<PaymentRow>(
            new CommandDefinition(sql, parameters, cancellationToken: cancel))).AsList();
    }

    /// <summary>What reads the page.</summary>
    internal static (string Sql, object Parameters) StatementOf(
        string? account, string? status, Guid? cursor, PageQuery query) =>
        (
            query.Backwards ? OldestFirst[IdsOf(account, status)] : NewestFirst[IdsOf(account, status)],
            new
            {
                account,
                status,
                newer = query.Backwards ? Guid.AllBitsSet : cursor ?? Guid.AllBitsSet,
                older = query.Backwards ? cursor ?? Guid.Empty : Guid.Empty,
                count = query.Limit + 1,
            });

    private static string IdsOf(string? account, string? status) => (account, status) switch
    {
        (null, null) => AllSql,
        (_, "pending") => OpenSql,
        (_, "partially_refunded" or "refunded") => RefundedSql,
        (null, "failed" or "completed_with_discrepancy") => UnmatchedSql,
        (_, "cancelled") => CancelledSql,
        (null, _) => WithStatusSql,
        (_, null) => OfAccountSql,
        _ => OfAccountWithStatusSql,
    };

    private const string CursorExistsSql = "SELECT EXISTS (SELECT FROM payments WHERE id = @id)";

    private const string PaymentsByIdSql = """
        SELECT payment.id, payment.payee_account, payment.amount, payment.currency, payment.description,
            payment.status, payment.discrepancy,
            CASE WHEN payment.refunded_amount = 0 THEN 0 ELSE (
                SELECT coalesce(sum(refund.amount), 0)
                FROM refunds AS refund
                WHERE refund.payment_id = payment.id AND refund.status = 'succeeded'
            ) END AS refunded_amount,
            payment.failure_reason, payment.created_at, payment.settled_at, payment.trace_id, payment.payer_account
        FROM page
        JOIN payments AS payment ON payment.id = page.id
        ORDER BY payment.id DESC
        """;

    private const string AllSql = """
        WITH page AS MATERIALIZED (
            SELECT id
            FROM payments
            WHERE id < @newer AND id > @older
            ORDER BY id DESC
            LIMIT @count
        )

        """;

    // Most payments are completed, so a walk soon has enough of them. What is shown as refunded is not among them.
    private const string WithStatusSql = """
        WITH page AS MATERIALIZED (
            SELECT id
            FROM payments
            WHERE id < @newer AND id > @older AND status = @status AND (refunded_amount = 0 OR NOT EXISTS (
                SELECT FROM refunds WHERE payment_id = payments.id AND refunds.status = 'succeeded'))
            ORDER BY id DESC
            LIMIT @count
        )

        """;

    // The open jobs have an index of their own, and so have the dead letters, whose payments wait as well. They are
    // read whole: a walk by id that stops early is quick only while there are many. A payment's job has its id.
    private const string OpenSql = """
        WITH open_jobs AS MATERIALIZED (
            SELECT id
            FROM recon_jobs
            WHERE finished_at IS NULL AND kind IN ('payment', 'transfer')
                AND (@account::text IS NULL OR payee_account = @account OR payer_account = @account)
            UNION ALL
            SELECT id
            FROM recon_jobs
            WHERE buried_at IS NOT NULL AND kind IN ('payment', 'transfer')
                AND (@account::text IS NULL OR payee_account = @account OR payer_account = @account)
        ),
        page AS MATERIALIZED (
            SELECT id
            FROM open_jobs
            WHERE id < @newer AND id > @older
            ORDER BY id DESC
            LIMIT @count
        )

        """;

    private const string UnmatchedSql = """
        WITH page AS MATERIALIZED (
            SELECT payment_id AS id
            FROM reconciliation_results
            WHERE NOT matched AND status = @status AND payment_id < @newer AND payment_id > @older
                AND NOT EXISTS (
                    SELECT
                    FROM refunds
                    WHERE refunds.payment_id = reconciliation_results.payment_id AND refunds.status = 'succeeded')
            ORDER BY payment_id DESC
            LIMIT @count
        )

        """;

    // Told by the time and not by the status, which is not the index's: see 0024_cancelled_payments.sql. Of an account
    // too: it may have any number of others, and what was cancelled is little in all accounts together. Where it has
    // few, the server walks those.
    private const string CancelledSql = """
        WITH page AS MATERIALIZED (
            SELECT id
            FROM payments
            WHERE cancelled_at IS NOT NULL AND id < @newer AND id > @older
                AND (@account::text IS NULL OR payee_account = @account OR payer_account = @account)
            ORDER BY id DESC
            LIMIT @count
        )

        """;

    // Refunds are few: they are walked by their payments, which gives the payments in order.
    private const string RefundedSql = """
        WITH page AS MATERIALIZED (
            SELECT given_back.payment_id AS id
            FROM (
                SELECT payment_id, sum(amount) AS amount
                FROM refunds
                WHERE status = 'succeeded' AND payment_id < @newer AND payment_id > @older
                GROUP BY payment_id
            ) AS given_back
            JOIN payments AS whole ON whole.id = given_back.payment_id
            WHERE (given_back.amount = whole.amount) = (@status = 'refunded')
                AND (@account::text IS NULL OR whole.payee_account = @account OR whole.payer_account = @account)
            ORDER BY given_back.payment_id DESC
            LIMIT @count
        )

        """;

    // Two walks, one along each index, each of which may hold the whole page.
    private const string OfAccountSql = """
        WITH page AS MATERIALIZED (
            (SELECT id FROM payments WHERE payee_account = @account AND id < @newer AND id > @older
            ORDER BY id DESC LIMIT @count)
            UNION
            (SELECT id FROM payments WHERE payer_account = @account AND id < @newer AND id > @older
            ORDER BY id DESC LIMIT @count)
            ORDER BY id DESC
            LIMIT @count
        )

        """;

    private const string OfAccountWithStatusSql = """
        WITH page AS MATERIALIZED (
            (SELECT id FROM payments
            WHERE payee_account = @account AND status = @status AND id < @newer AND id > @older
                AND (refunded_amount = 0 OR NOT EXISTS (
                    SELECT FROM refunds WHERE payment_id = payments.id AND refunds.status = 'succeeded'))
            ORDER BY id DESC LIMIT @count)
            UNION
            (SELECT id FROM payments
            WHERE payer_account = @account AND status = @status AND id < @newer AND id > @older
                AND (refunded_amount = 0 OR NOT EXISTS (
                    SELECT FROM refunds WHERE payment_id = payments.id AND refunds.status = 'succeeded'))
            ORDER BY id DESC LIMIT @count)
            ORDER BY id DESC
            LIMIT @count
        )

        """;

    private static readonly Dictionary<string, string> NewestFirst = new[]
    {
        AllSql, WithStatusSql, OpenSql, UnmatchedSql, CancelledSql, RefundedSql, OfAccountSql, OfAccountWithStatusSql,
    }.ToDictionary(ids => ids, ids => ids + PaymentsByIdSql, StringComparer.Ordinal);

    // A page that ends before its cursor is walked from the cursor towards newer payments.
    private static readonly Dictionary<string, string> OldestFirst = NewestFirst.ToDictionary(
        pair => pair.Key, pair => pair.Value.Replace(" DESC", "", StringComparison.Ordinal), StringComparer.Ordinal);
}
