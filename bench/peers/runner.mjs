// Runs a queue's jobs between `ready` and `done`; graphile-worker.mjs and pg-boss.mjs say how their queue is opened.

import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { databaseUrl, goReceived, readOptions, report, runPeer, stopRequested } from './peer.mjs';
import { openTask } from './tasks.mjs';

const defaults = {
  jobs: 100_000,
  // The longest measurement; 0 measures until every job is done.
  seconds: 0,
  // Milliseconds that it works before that, like a system in service.
  'warm-up': 0,
  task: 'posting',
  // Starts without waiting for the line `go`.
  go: false,
};

/**
 * @param schema The schema of the queue: dropped before and after.
 * @param settings The queue's own options with their best values; `concurrency` is how many postings run at once.
 * @param open `open({ options, url, task, tally, admin })` queues `task.ids` and returns `start()`, `remaining()`,
 *   which counts the jobs that the queue has not finished, and `stop()`, which ends when nothing of it runs any more.
 *   It calls `tally.add(n)` for jobs that were done and `tally.fail(error)` for one that failed; `admin` is a pool for
 *   queries beside the queue.
 */
export function runQueue(schema, settings, open) {
  return runPeer(async () => {
    const options = readOptions({ ...defaults, ...settings });
    const url = databaseUrl();
    const stop = stopRequested();
    const admin = new pg.Pool({ connectionString: url, max: 1 });
    const dropQueue = () => admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);

    const tally = createTally(options.jobs);
    admin.on('error', tally.fail);
    await dropQueue();
    const task = await openTask(options.task, url, options.jobs, options.concurrency, tally.fail);
    let queue;
    try {
      queue = await open({ options, url, task, tally, admin });
      report('ready');
      const going = options.go || await Promise.race([goReceived().then(() => true), stop.then(() => false)]);
      if (going) {
        await measure(queue, tally, options, stop);
      }
    } catch (error) {
      report('failed', { reason: error.message });
      throw error;
    } finally {
      await queue?.stop();
      await dropQueue();
      await task.close();
      await admin.end();
    }
  });
}

async function measure(queue, tally, { seconds, 'warm-up': warmUp }, stop) {
  const progress = setInterval(() => report('progress', { jobs: tally.done }), 1000);
  let limit;
  try {
    tally.begin(warmUp);
    await queue.start();
    await Promise.race([
      tally.finished.then(() => queueIsEmpty(queue)),
      stop,
      ...(seconds > 0 ? [new Promise((resolve) => { limit = setTimeout(resolve, warmUp + seconds * 1000); })] : []),
    ]);
    report('done', tally.measured(seconds === 0));
  } finally {
    clearInterval(progress);
    clearTimeout(limit);
  }
}

// The last jobs are done when the queue has recorded it, which both queues do behind the handler's back.
async function queueIsEmpty(queue) {
  while (await queue.remaining() > 0) {
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}

// Measures from the last time that jobs were done within the warm-up to the last time at all: a queue that does thousands
// at a time would else be measured in steps of as many.
function createTally(jobs) {
  let settle;
  let refuse;
  let warmAt;
  let first;
  let last;
  const look = () => ({ jobs: tally.done, at: performance.now() });
  const tally = {
    done: 0,
    finished: new Promise((resolve, reject) => { settle = resolve; refuse = reject; }),
    begin(warmUp) {
      last = look();
      warmAt = last.at + warmUp;
      first = warmUp > 0 ? undefined : last;
    },
    add(count) {
      if (performance.now() >= warmAt) {
        first ??= last;
      }
      tally.done += count;
      last = look();
      if (tally.done >= jobs) {
        settle();
      }
    },
    // To the end: until the queue was empty, instead of to the last job.
    measured(toTheEnd) {
      const end = toTheEnd ? look() : last;
      return { jobs: end.jobs - (first ?? end).jobs, seconds: (end.at - (first ?? end).at) / 1000 };
    },
    fail: (error) => refuse(error),
  };
  // Whoever measures awaits it; a failure before that must not end the process by itself.
  tally.finished.catch(() => {});
  return tally;
}
