// pg-boss at its best setting: large batches without metadata, workers that do not wait for their next poll while there
// is work, no maintenance, archiving or scheduling while it is measured.

import PgBoss from 'pg-boss';
import { runQueue } from './runner.mjs';

const schema = 'peers_pgboss';
const queueName = 'work';
const jobsPerInsert = 10_000;

await runQueue(schema, {
  // Postings at once: 16 were a tenth slower, 32 a fifth.
  concurrency: 8,
  // A fetch sorts all waiting jobs by age, whatever number it takes: 3000 were up to five times as fast as 300.
  batch: 3000,
  // One fetches while the other works.
  workers: 2,
}, async ({ options: { batch, workers, task: name }, url, task, tally, admin }) => {
  const boss = new PgBoss({ connectionString: url, schema, max: workers * 2, supervise: false, schedule: false });
  boss.on('error', (error) => tally.fail(error));
  await boss.start();
  await boss.createQueue(queueName, { name: queueName, retryLimit: 0 });
  for (let i = 0; i < task.ids.length; i += jobsPerInsert) {
    await boss.insert(task.ids.slice(i, i + jobsPerInsert).map((id) => ({ name: queueName, data: { id } })));
  }
  await admin.query(`ANALYZE ${schema}.job`);

  async function postOne(job) {
    await task.one(job.data.id);
    tally.add(1);
  }

  async function postAll(jobs) {
    await task.many(jobs.map((job) => job.data.id));
    tally.add(jobs.length);
  }

  const work = name === 'posting-batch' ? postAll : (jobs) => Promise.all(jobs.map(postOne));

  async function startWorker() {
    const id = await boss.work(queueName, { batchSize: batch, pollingIntervalSeconds: 0.5 }, async (jobs) => {
      // Where jobs were found more may wait: look again at once instead of at the next poll.
      boss.notifyWorker(id);
      try {
        await work(jobs);
      } catch (error) {
        tally.fail(error);
        throw error;
      }
    });
  }

  return {
    start: () => Promise.all(Array.from({ length: workers }, startWorker)),
    async remaining() {
      const { rows } = await admin.query(
        `SELECT count(*) AS jobs FROM ${schema}.job WHERE name = $1 AND state <> 'completed'`, [queueName],
      );
      return Number(rows[0].jobs);
    },
    stop: () => boss.stop({ graceful: true, wait: true, timeout: 5000 }),
  };
});
