namespace Recon.Worker.Reconciliation;

/// <summary>The statements of <see cref="RecordBreaks"/>; each is for all breaks of a result at once.</summary>
internal static class RecordSql
{
    // In the order of their keys: two that open the same ones wait for each other, and the second finds them there.
    // Those that are known are not tried, since each try takes a number.
    public const string Open = """
        INSERT INTO reconciliation_exceptions (id, created_at, first_seen_at, last_seen_at, updated_at, due_at,
            first_report_id, last_report_id, check_type, break_key, kind, severity, description, currency, expected,
            actual, difference, account_id, account_name, position, payment_id, transaction_id, flow_id)
        SELECT b.id, @seenAt, @seenAt, @seenAt, @seenAt, b.due_at, @runId, @runId, @checkType, b.break_key, b.kind,
            b.severity, b.description, b.currency, b.expected, b.actual, b.actual - b.expected, b.account_id,
            b.account_name, b.position, b.payment_id, b.transaction_id, b.flow_id
        FROM unnest(@ids, @dueAts, @keys, @kinds, @severities, @descriptions, @currencies, @expecteds, @actuals,
                @accountIds, @accountNames, @positions, @paymentIds, @transactionIds, @flowIds)
            AS b (id, due_at, break_key, kind, severity, description, currency, expected, actual, account_id,
                account_name, position, payment_id, transaction_id, flow_id)
        WHERE NOT EXISTS (
            SELECT
            FROM reconciliation_exceptions AS e
            WHERE e.check_type = @checkType AND e.break_key = b.break_key
        )
        ORDER BY b.break_key COLLATE "C"
        ON CONFLICT ON CONSTRAINT reconciliation_exceptions_one_of_a_break DO NOTHING
        RETURNING id
        """;

    // What was seen, and what would be gone if it was not. Everybody who locks several does it in the order of their
    // keys, so nobody waits in a circle.
    public const string Lock = """
        SELECT e.id, e.break_key, e.severity, e.status, e.difference, e.resolved_difference, e.last_seen_at, e.due_at,
            e.gone_at, e.description, e.expected, e.actual, e.currency
        FROM reconciliation_exceptions AS e
        WHERE e.id = ANY (ARRAY (
            SELECT seen.id
            FROM reconciliation_exceptions AS seen
            WHERE seen.check_type = @checkType AND seen.break_key = ANY (@keys)
            UNION
            SELECT present.id
            FROM reconciliation_exceptions AS present
            WHERE @closes AND present.check_type = @checkType AND present.gone_at IS NULL
                AND (@accounts::bigint[] IS NULL OR present.account_id = ANY (@accounts))
                AND (@flows::uuid[] IS NULL OR present.flow_id = ANY (@flows))
        ))
        ORDER BY e.check_type COLLATE "C", e.break_key
        FOR UPDATE
        """;

    public const string Count = """
        INSERT INTO reconciliation_sightings (exception_id, report_id, seen_at, difference)
        SELECT s.id, @reportId, @seenAt, s.difference
        FROM unnest(@ids, @differences) AS s (id, difference)
        ON CONFLICT ON CONSTRAINT reconciliation_sightings_pkey DO NOTHING
        RETURNING exception_id
        """;

    // A sighting that came late counts, and leaves what is known since as it is. The version is of what people act on:
    // that it was seen once more is none of it.
    public const string Update = """
        UPDATE reconciliation_exceptions AS e
        SET sightings = e.sightings + 1,
            last_seen_at = CASE WHEN late THEN e.last_seen_at ELSE @seenAt END,
            last_report_id = CASE WHEN late THEN e.last_report_id ELSE coalesce(@runId, e.last_report_id) END,
            severity = CASE WHEN late THEN e.severity ELSE s.severity END,
            description = CASE WHEN late THEN e.description ELSE s.description END,
            expected = CASE WHEN late THEN e.expected ELSE s.expected END,
            actual = CASE WHEN late THEN e.actual ELSE s.actual END,
            difference = CASE WHEN late THEN e.difference ELSE s.actual - s.expected END,
            gone_at = CASE WHEN late THEN e.gone_at END,
            due_at = s.due_at,
            status = CASE WHEN reopens THEN 'open' ELSE e.status END,
            reopened = e.reopened + reopens::int,
            acknowledged_at = CASE WHEN reopens THEN NULL ELSE e.acknowledged_at END,
            resolved_at = CASE WHEN reopens THEN NULL ELSE e.resolved_at END,
            resolved_difference = CASE WHEN reopens THEN NULL ELSE e.resolved_difference END,
            resolved_by = CASE WHEN reopens THEN NULL ELSE e.resolved_by END,
            resolved_by_key = CASE WHEN reopens THEN NULL ELSE e.resolved_by_key END,
            resolution_notes = CASE WHEN reopens THEN NULL ELSE e.resolution_notes END,
            version = e.version + (s.effect NOT IN ('None', 'Late'))::int,
            updated_at = CASE WHEN s.effect IN ('None', 'Late') THEN e.updated_at ELSE @seenAt END
        FROM unnest(@ids, @effects, @dueAts, @severities, @descriptions, @expecteds, @actuals)
            AS s (id, effect, due_at, severity, description, expected, actual)
        CROSS JOIN LATERAL (SELECT s.effect = 'Late' AS late, s.effect = 'Reopens' AS reopens) AS what
        WHERE e.id = s.id
        """;

    public const string Close = """
        UPDATE reconciliation_exceptions AS e
        SET gone_at = @seenAt,
            status = CASE WHEN e.resolved_at IS NULL THEN 'closed' ELSE e.status END,
            resolved_difference = CASE WHEN e.resolved_at IS NULL THEN e.difference ELSE e.resolved_difference END,
            resolved_at = coalesce(e.resolved_at, @seenAt),
            version = e.version + 1,
            updated_at = @seenAt
        WHERE e.id = ANY (@ids)
        """;

    public const string Tell = """
        INSERT INTO reconciliation_exception_events (created_at, exception_id, kind, actor, details)
        SELECT @seenAt, t.id, t.kind, @actor, t.details::jsonb
        FROM unnest(@ids, @kinds, @details) WITH ORDINALITY AS t (id, kind, details, place)
        ORDER BY t.place
        """;
}
