// What every peer has in common: its options, its events on standard output, and how it starts, ends and fails.

import { createInterface } from 'node:readline';

/** Reads `--key=value` and `--flag`; an option without a default in `defaults` is refused. Numbers stay numbers. */
export function readOptions(defaults) {
  const options = { ...defaults };
  for (const argument of process.argv.slice(2)) {
    const [, key, value] = /^--([a-z-]+)(?:=(.*))?$/.exec(argument) ?? [];
    if (key === undefined || !(key in defaults)) {
      const known = Object.keys(defaults).map((name) => `--${name}`).join(' ');
      throw new Error(`${argument} is not an option; there are ${known}`);
    }
    options[key] = typeof defaults[key] === 'number' ? readCount(key, value) : (value ?? true);
  }
  return options;
}

/** The database that is measured; the bench names it. */
export function databaseUrl() {
  if (!process.env.DATABASE_URL) {
    throw new Error('DATABASE_URL is not set; it is of the form postgres://user:password@host:port/database');
  }
  return process.env.DATABASE_URL;
}

/** One line of JSON on standard output for whoever started this process. */
export function report(event, facts = {}) {
  process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);
}

/** Resolves on the first SIGTERM or SIGINT. */
export function stopRequested() {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}

/** Resolves when a line `go` arrives on standard input; its end is no start. */
export async function goReceived() {
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    if (line.trim() === 'go') {
      lines.close();
      process.stdin.unref?.();
      return;
    }
  }
  await new Promise(() => {});
}

/** Runs a peer to its end: exit code 0, or 1 after one sentence on standard error. */
export async function runPeer(main) {
  try {
    await main();
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error.message || error.code || error}\n`);
    process.exit(1);
  }
}

function readCount(key, value) {
  if (!/^\d{1,9}$/.test(value ?? '')) {
    throw new Error(`--${key} must be a whole number, not '${value ?? ''}'`);
  }
  return Number(value);
}
