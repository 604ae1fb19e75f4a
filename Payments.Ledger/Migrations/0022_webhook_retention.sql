-- Old webhooks may be deleted, and nothing else of the outbox: the services have no right to delete from its tables, but
-- may call this. It walks the events along their ids, which begin with their time.

CREATE FUNCTION remove_finished_webhooks(
    after text, delivered_age interval, undelivered_age interval, most integer, OUT reached text, OUT removed bigint)
    LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
    WITH looked AS MATERIALIZED (
        SELECT e.id, e.created_at < clock_timestamp() - least(delivered_age, undelivered_age) AS is_old
        FROM webhook_events AS e
        WHERE e.id > after COLLATE "C"
        ORDER BY e.id
        LIMIT most
    ), ended AS MATERIALIZED (
        -- What somebody replays at this moment is passed over, and open by the next round.
        SELECT d.id
        FROM webhook_deliveries AS d
        WHERE d.event_id = ANY (ARRAY (SELECT l.id FROM looked AS l WHERE l.is_old))
            AND ((d.status = 'delivered' AND d.finished_at < clock_timestamp() - delivered_age)
                OR (d.status IN ('failed', 'cancelled') AND d.finished_at < clock_timestamp() - undelivered_age))
        FOR UPDATE SKIP LOCKED
    ), attempts AS (
        DELETE FROM webhook_attempts AS a
        WHERE a.delivery_id = ANY (ARRAY (SELECT o.id FROM ended AS o))
    ), deliveries AS (
        DELETE FROM webhook_deliveries AS d
        WHERE d.id = ANY (ARRAY (SELECT o.id FROM ended AS o))
        RETURNING d.id
    ), events AS (
        -- Those too that no target wanted to know of.
        DELETE FROM webhook_events AS e
        WHERE e.id = ANY (ARRAY (SELECT l.id FROM looked AS l WHERE l.is_old))
            AND NOT EXISTS (
                SELECT
                FROM webhook_deliveries AS d
                WHERE d.event_id = e.id AND d.id <> ALL (ARRAY (SELECT o.id FROM ended AS o))
            )
        RETURNING e.id
    )
    SELECT
        (SELECT max(l.id) FROM looked AS l HAVING count(*) = most AND bool_and(l.is_old)),
        (SELECT count(*) FROM deliveries) + (SELECT count(*) FROM events)
$$;

COMMENT ON FUNCTION remove_finished_webhooks IS
    'Looks at the most events behind after, and deletes their deliveries that ended longer ago than their age, and then
    the events that have none left. reached: where to go on; NULL at the end, or where events begin that are too young.
    What is pending stays.';

REVOKE ALL ON FUNCTION remove_finished_webhooks FROM PUBLIC;
GRANT EXECUTE ON FUNCTION remove_finished_webhooks TO payments_app;
