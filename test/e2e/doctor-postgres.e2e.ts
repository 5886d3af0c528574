// What the doctor finds in a real Postgres, what it says to do, and that it leaves nothing behind.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { SCHEMA_VERSION } from '../../src/storage/sql/schema.ts';
import { type Row, rowsOf, setUp } from '../doctor/stage.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';
import { type Postgres, startPostgres } from './postgres.ts';

let postgres: Postgres;
let folder: string;
let url: string;
let databases = 0;

/** Who signs in how, by name. */
const SIGN_IN = `host all postgres 127.0.0.1/32 trust
host all app,stranger 127.0.0.1/32 trust
host all secret 127.0.0.1/32 scram-sha-256
hostssl all encrypted 127.0.0.1/32 trust
`;
const PASSWORD = 'recognizable-password';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-postgres-'));
  chmodSync(folder, 0o755);
  const rules = join(folder, 'pg_hba.conf');
  writeFileSync(rules, SIGN_IN);
  postgres = await startPostgres({ hba_file: rules });
  await as(postgres.url, `create role app login; create role encrypted login`);
  await as(postgres.url, `create role secret login password '${PASSWORD}'`);
});
afterAll(async () => {
  await postgres?.close();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  databases += 1;
  url = await postgres.database(`doctor_${databases}`);
});

async function as(address: string, sql: string) {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

const urlOf = (user: string, port = postgres.port) =>
  url.replace('postgres@', `${user}@`).replace(`:${postgres.port}/`, `:${port}/`);

/** As a server makes and leaves it. */
async function serve(): Promise<void> {
  const store = createPostgresStore({ source: url, clock: systemClock, log: createFakeLog() });
  await store.open();
  await store.close();
}

/** The rows about the database, by name. */
async function found(address = url, clock = systemClock): Promise<Record<string, Row>> {
  const { env } = await setUp();
  const rows = await rowsOf({ ...env, DATABASE_URL: address }, { clock });
  return Object.fromEntries(rows.map((row) => [row.name, row]));
}

const host = () => `127.0.0.1:${postgres.port}`;

describe('a database', () => {
  it('without tables is told, and stays without', async () => {
    const { Database, Schema, LISTEN, 'Database clock': clock } = await found();
    expect([Database, Schema, LISTEN, clock]).toMatchObject([
      { result: 'ok', detail: expect.stringMatching(/lets us in: Postgres \d+\.\d+$/) },
      { result: 'ok', detail: expect.stringMatching(/no tables of calls yet, and serve brings/) },
      { result: 'ok', detail: 'what one instance tells is heard by the others' },
      { result: 'ok', detail: `together with ${host()}` },
    ]);
    const { rows } = await as(url, "select 1 from pg_namespace where nspname = 'switchboard'");
    expect(rows).toEqual([]);
  });

  it('as a server has left it is well', async () => {
    await serve();
    expect((await found()).Schema).toMatchObject({
      result: 'ok',
      detail: `schema ${SCHEMA_VERSION}, as this version needs it`,
    });
  });

  it.each([
    ['can work on', 1, 'ok', /of a newer version that lets this one work on it/],
    ['can’t work on', 98, 'failed', /schema 99, made by a newer livekit-switchboard/],
  ])('of a newer version that this one %s', async (_case, from, result, detail) => {
    await serve();
    await as(url, `update switchboard.schema_version set version = 99, readable_from = ${from}`);
    expect((await found()).Schema).toMatchObject({
      result,
      detail: expect.stringMatching(detail),
      ...(result === 'failed' && { fix: 'run the newer version' }),
    });
  });

  it('whose user may not make the tables is told, with the command', async () => {
    expect((await found(urlOf('app'))).Schema).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(/no tables of calls yet, and the user app may not make them$/),
      fix: expect.stringMatching(/livekit-switchboard migrate --print/),
    });
  });

  it('whose user may not use the tables is told, with the rights that mend it', async () => {
    await serve();
    const { Schema } = await found(urlOf('app'));
    expect(Schema).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(/the user app may not use them$/),
    });
    await as(url, (Schema?.fix ?? '').replace('as their owner: ', ''));
    expect((await found(urlOf('app'))).Schema?.result).toBe('ok');
  });

  it('that can only be read is told, as a replica is', async () => {
    await as(url, `alter database doctor_${databases} set default_transaction_read_only = on`);
    const { Database, LISTEN } = await found();
    expect(Database).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(/is read-only/),
      fix: expect.stringMatching(/primary/),
    });
    expect(LISTEN?.result).toBe('skipped');
  });

  it('without letters for all names is told', async () => {
    await as(
      postgres.url,
      "create database ascii encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C' template template0",
    );
    expect((await found(url.replace(/\w+$/, 'ascii'))).Database).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(/is in SQL_ASCII/),
    });
  });

  it.each([
    [20_000, 'ok', /^warning: this machine's clock is (?:19|20|21) s ahead of .*NTP/],
    [-90_000, 'failed', /(?:89|90|91) s behind/],
  ])('whose clock is apart by %i ms', async (offMs, result, detail) => {
    const clock = { ...systemClock, now: () => createFakeClock().now() + offMs };
    expect((await found(url, clock))['Database clock']).toMatchObject({
      result,
      detail: expect.stringMatching(detail),
    });
  });
});

describe('a Postgres lets nobody in', () => {
  it.each([
    ['with a wrong password', () => urlOf('secret:recognizable-other'), /refuses user or password/],
    ['without a password', () => urlOf('secret'), /asks for a password$/],
    ['without TLS', () => urlOf('encrypted'), /without TLS$/],
    ['with TLS that it has not', () => `${url}?sslmode=verify-full`, /speaks no TLS$/],
    ['whom it does not know', () => urlOf('stranger'), /refuses this user/],
    ['to a database that is not there', () => `${url}_other`, /no database of that name/],
  ])('%s', async (_case, address, detail) => {
    const { Database, Schema } = await found(address());
    expect(Database).toMatchObject({ result: 'failed', detail: expect.stringMatching(detail) });
    expect(Schema?.result).toBe('skipped');
  });

  it('with the right password it does', async () => {
    expect((await found(urlOf(`secret:${PASSWORD}`))).Database?.result).toBe('ok');
  });

  it('who may not connect, or is too many', async () => {
    await as(url, `revoke connect on database doctor_${databases} from public`);
    expect((await found(urlOf('app'))).Database?.detail).toMatch(/may not connect/);
    await as(url, `grant connect on database doctor_${databases} to public`);
    await as(url, 'alter role app connection limit 0');
    expect((await found(urlOf('app'))).Database?.detail).toMatch(/no connection left/);
    await as(url, 'alter role app connection limit -1');
  });
});

/** What a pooler in transaction mode does to a client: whatever is told in between reaches nobody. */
async function startPooler(): Promise<number> {
  const server = createServer((near) => {
    const far = connect(postgres.port, '127.0.0.1');
    let rest = Buffer.alloc(0);
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
        const length = rest.readInt32BE(1) + 1;
        const isNotification = rest[0] === 'A'.charCodeAt(0);
        if (!isNotification) near.write(rest.subarray(0, length));
        rest = rest.subarray(length);
      }
    });
    for (const socket of [near, far]) {
      socket
        .on('error', () => {})
        .on('close', () => {
          near.destroy();
          far.destroy();
        });
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

describe('a pooler in transaction mode', () => {
  it('is told by what it lets through, whatever its address', async () => {
    await serve();
    const { Database, Schema, LISTEN } = await found(urlOf('postgres', await startPooler()));
    expect([Database?.result, Schema?.result]).toEqual(['ok', 'ok']);
    expect(LISTEN).toMatchObject({
      result: 'ok',
      detail: expect.stringMatching(/^warning: nothing that is told .* direct address/),
    });
  });
});

describe('a certificate that nobody trusts', () => {
  it('is told, with both ways out of it', async () => {
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=127.0.0.1', '-days', '2', '-nodes'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', ...subject, '-keyout', keyFile, '-out', certFile],
      { stdio: 'pipe' },
    );
    const [key, cert] = [readFileSync(keyFile), readFileSync(certFile)];
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write('S');
        new TLSSocket(socket, { isServer: true, key, cert }).on('error', () => {});
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const { Database } = await found(`${urlOf('postgres', port)}?sslmode=verify-full`);
    expect(Database).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(/is not of an authority that this machine trusts/),
      fix: expect.stringMatching(/sslrootcert.*sslmode=no-verify/),
    });
  });
});
