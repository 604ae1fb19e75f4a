// The documents' API: Fastify and node-postgres, an idempotent POST /payments that records the payment and its job in
// one transaction of four round trips, and GET /payments/:id.
//
// As fast as its own tools make it: no logging, bodies checked and answers written by compiled JSON schemas, every
// statement prepared once a connection, BEGIN pipelined with the look-up instead of a round trip of its own.

import { readFile } from 'node:fs/promises';
import Fastify from 'fastify';
import pg from 'pg';
import { databaseUrl, readOptions, report, runPeer, stopRequested } from './peer.mjs';

const options = {
  port: 0,
  // With 64 callers on two cores 4 to 16 connections did equally well, 24 had a longer tail. A cluster of two processes
  // was no faster: PostgreSQL and the callers need the other core.
  pool: 8,
  // Creates the tables of documents.sql first; without it they are expected to be there.
  schema: false,
};

const paymentSchema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    accountId: { type: 'string' },
    amount: { type: 'number' },
    description: { type: ['string', 'null'] },
    status: { type: 'string' },
    createdAt: { type: 'string', format: 'date-time' },
  },
};

const createSchema = {
  headers: {
    type: 'object',
    required: ['idempotency-key'],
    properties: { 'idempotency-key': { type: 'string', minLength: 1, maxLength: 255 } },
  },
  body: {
    type: 'object',
    required: ['accountId', 'amount'],
    additionalProperties: false,
    properties: {
      accountId: { type: 'string', minLength: 1, maxLength: 64 },
      amount: { type: 'number' },
      description: { type: 'string', maxLength: 1000 },
    },
  },
  response: { 200: paymentSchema, 201: paymentSchema },
};

const getSchema = {
  params: { type: 'object', properties: { id: { type: 'string', format: 'uuid' } } },
  response: { 200: paymentSchema },
};

const columns = 'id, account_id, amount, description, status, created_at';
const statement = (name, text) => (...values) => ({ name, text, values });
const findByKey = statement('find-by-key', `SELECT ${columns} FROM payments WHERE idempotency_key = $1`);
const findById = statement('find-by-id', `SELECT ${columns} FROM payments WHERE id = $1`);
const insertPayment = statement(
  'insert-payment',
  `INSERT INTO payments (idempotency_key, account_id, amount, description)
   VALUES ($1, $2, $3, $4)
   RETURNING ${columns}`,
);
const insertJob = statement('insert-job', 'INSERT INTO recon_jobs (payment_id) VALUES ($1)');

const uniqueViolation = '23505';

function toAnswer(row) {
  return {
    id: row.id,
    accountId: row.account_id,
    amount: Number(row.amount),
    description: row.description,
    status: row.status,
    createdAt: row.created_at,
  };
}

/** The payment, and whether this call created it. */
async function createPayment(pool, key, { accountId, amount, description }) {
  const client = await pool.connect();
  let broken = false;
  try {
    const [, found] = await Promise.all([client.query('BEGIN'), client.query(findByKey(key))]);
    if (found.rows.length > 0) {
      await client.query('COMMIT');
      return { row: found.rows[0], created: false };
    }

    const inserted = await client.query(insertPayment(key, accountId, amount, description));
    await client.query(insertJob(inserted.rows[0].id));
    await client.query('COMMIT');
    return { row: inserted.rows[0], created: true };
  } catch (error) {
    if (error.code === uniqueViolation) {
      // Another request with this key committed between our look-up and our insert.
      await client.query('ROLLBACK');
      const found = await client.query(findByKey(key));
      return { row: found.rows[0], created: false };
    }

    // The pool closes the connection, which rolls back.
    broken = true;
    throw error;
  } finally {
    client.release(broken);
  }
}

async function listen(port, size) {
  const pool = new pg.Pool({ connectionString: databaseUrl(), max: size, min: size, pipeline: true });
  const lost = new Promise((resolve, reject) => { pool.on('error', reject); });
  lost.catch(() => {});
  const app = Fastify({ logger: false });

  app.post('/payments', { schema: createSchema }, async (request, reply) => {
    const { row, created } = await createPayment(pool, request.headers['idempotency-key'], request.body);
    return reply.code(created ? 201 : 200).send(toAnswer(row));
  });
  app.get('/payments/:id', { schema: getSchema }, async (request, reply) => {
    const { rows } = await pool.query(findById(request.params.id));
    return rows.length > 0 ? toAnswer(rows[0]) : reply.code(404).send({ error: 'No payment has this id.' });
  });
  app.get('/health', async () => ({ status: 'ok' }));

  await pool.query('SELECT 1');
  await app.listen({ host: '127.0.0.1', port });
  return {
    port: app.server.address().port,
    lost,
    async close() {
      await app.close();
      await pool.end();
    },
  };
}

async function createTables() {
  const client = new pg.Client(databaseUrl());
  await client.connect();
  await client.query(await readFile(new URL('documents.sql', import.meta.url), 'utf8'));
  await client.end();
}

await runPeer(async () => {
  const { port, pool, schema } = readOptions(options);
  const stop = stopRequested();
  if (schema) {
    await createTables();
  }
  const server = await listen(port, pool);
  report('ready', { port: server.port });
  await Promise.race([stop, server.lost]);
  await server.close();
});
