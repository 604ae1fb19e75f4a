// What a job does: nothing, or the product's posting as functions of PostgreSQL (posting.sql).

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';

export const tasks = ['noop', 'posting', 'posting-batch'];

// As in the product's worker sessions: tables that grow from nothing are reached by key from the first job on.
const sessionOptions = '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off';

const dropPosting = 'DROP SCHEMA IF EXISTS peers CASCADE';
const pendingPayments = "SELECT id FROM payments WHERE status = 'pending' ORDER BY id LIMIT $1";

/**
 * The payment ids of the jobs to queue, `one(id)` and `many(ids)` which do the work, and `close()`, which takes the
 * functions away again. Calls run on up to `connections` connections, each a transaction of its own; `onLost(error)` is
 * told when one of them breaks while it has nothing to do.
 */
export async function openTask(task, url, jobs, connections, onLost) {
  if (!tasks.includes(task)) {
    throw new Error(`--task=${task} is not a task; there are ${tasks.join(', ')}`);
  }
  if (task === 'noop') {
    const nothing = async () => {};
    return { ids: Array.from({ length: jobs }, () => randomUUID()), one: nothing, many: nothing, close: nothing };
  }

  const pool = new pg.Pool({ connectionString: url, max: connections, min: connections, options: sessionOptions });
  pool.on('error', onLost);
  const { rows } = await pool.query(pendingPayments, [jobs]);
  if (rows.length < jobs) {
    throw new Error(`${jobs} jobs need as many pending payments, but the database has ${rows.length}`);
  }
  const posting = await readFile(new URL('posting.sql', import.meta.url), 'utf8');
  await pool.query(`${dropPosting}; ${posting}; SELECT peers.open_accounts(); ANALYZE accounts`);

  // Named statements are prepared once a connection.
  return {
    ids: rows.map((row) => row.id),
    one: (id) => pool.query({ name: 'one', text: 'SELECT peers.bench_post($1)', values: [id] }),
    many: (ids) => pool.query({ name: 'many', text: 'SELECT peers.bench_post_many($1)', values: [ids] }),
    close: async () => {
      await pool.query(dropPosting);
      await pool.end();
    },
  };
}

/**
 * Turns `many(ids)` into a function of one id, for queues that hand out jobs singly: what arrives while `lanes` calls
 * are under way goes together in the next one.
 */
export function gather(many, lanes) {
  let waiting = [];
  let running = 0;

  async function run() {
    running += 1;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await many(batch.map((item) => item.id));
        batch.forEach((item) => item.resolve());
      } catch (error) {
        batch.forEach((item) => item.reject(error));
      }
    }
    running -= 1;
  }

  return (id) => new Promise((resolve, reject) => {
    waiting.push({ id, resolve, reject });
    if (running < lanes && waiting.length === 1) {
      // Behind the tasks that are being started in this turn of the event loop: they come along.
      setImmediate(() => running < lanes && waiting.length > 0 && run());
    }
  });
}
