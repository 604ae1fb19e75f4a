// graphile-worker at its best setting, as its page on performance advises: a local queue that fetches many jobs at a
// time, completions deleted in batches, prepared statements, no named queues, no log line per job.

import { runQueue } from './runner.mjs';
import { gather } from './tasks.mjs';

// Read when the module is loaded: without it a line is composed for every job, also for a logger that drops it.
process.env.NO_LOG_SUCCESS = '1';
const { Logger, makeWorkerUtils, run } = await import('graphile-worker');

const schema = 'peers_graphile';
const logger = new Logger(() => () => {});
const jobsPerInsert = 10_000;

await runQueue(schema, {
  // Postings at once: 24 were a tenth slower.
  concurrency: 8,
  // Jobs that one fetch locks; a task that does nothing ran a third faster than with 500.
  batch: 2000,
}, async ({ options: { concurrency, batch, task: name }, url, task, tally, admin }) => {
  const utils = await makeWorkerUtils({ connectionString: url, schema, logger });
  await utils.migrate();
  for (let i = 0; i < task.ids.length; i += jobsPerInsert) {
    await utils.addJobs(
      task.ids.slice(i, i + jobsPerInsert).map((id) => ({ identifier: 'work', payload: id, maxAttempts: 1 })),
    );
  }
  await utils.release();
  await admin.query(`ANALYZE ${schema}._private_jobs`);

  // One posting per job, or all that wait: then many jobs must be in hand at once, or none would wait.
  const work = name === 'posting-batch' ? gather(task.many, 2) : task.one;
  let runner;
  return {
    async start() {
      runner = await run({
        taskList: {
          work: async (id) => {
            await work(id);
            tally.add(1);
          },
        },
        parsedCronItems: [],
        noHandleSignals: true,
        preset: {
          worker: {
            connectionString: url,
            maxPoolSize: 10,
            schema,
            logger,
            concurrentJobs: name === 'posting-batch' ? batch : concurrency,
            localQueue: { size: batch },
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
          },
        },
      });
      runner.events.on('job:error', ({ error }) => tally.fail(error));
      runner.events.on('pool:fatalError', ({ error }) => tally.fail(error));
    },
    async remaining() {
      const { rows } = await admin.query(`SELECT count(*) AS jobs FROM ${schema}._private_jobs`);
      return Number(rows[0].jobs);
    },
    stop: async () => runner?.stop(),
  };
});
