-- A session's temporary tables come first in a search path that does not name them: to a trigger they would stand for
-- the books. pg_temp last, and nothing else of the session's path, so that only the real tables are found.
-- With the tables' owner's rights (SECURITY DEFINER) it would be worse: the session would choose what is written.
ALTER FUNCTION ledger_entries_must_balance() SET search_path = public, pg_temp;
ALTER FUNCTION ledger_transactions_must_have_entries() SET search_path = public, pg_temp;
ALTER FUNCTION ledger_is_immutable() SET search_path = public, pg_temp;
ALTER FUNCTION audit_events_await_sealing() SET search_path = public, pg_temp;
ALTER FUNCTION audit_is_immutable() SET search_path = public, pg_temp;
ALTER FUNCTION flow_ends_once() SET search_path = public, pg_temp;
ALTER FUNCTION adjustment_is_decided_once() SET search_path = public, pg_temp;
ALTER FUNCTION say_reconciliation_changed() SET search_path = public, pg_temp;
