// What the doctor says of a Postgres that doesn't let it in, by servers that stand in for it: they
// speak its first words, other protocols, or nothing. The real one is in the end-to-end suite.
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { createFakeClock } from '../fakes/clock.ts';
import { freePort } from '../fakes/free-port.ts';
import { cleanups, type Row, rowOf, rowsOf, setUp } from './stage.ts';

const PASSWORD = 'recognizable-p%23w';

async function listen(server: Server | HttpServer): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** Answers whatever comes first like this; undefined: with silence. */
function startServer(answer: Buffer | string | undefined): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => answer !== undefined && socket.end(answer));
  });
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  return listen(server);
}

/** An ErrorResponse of Postgres. */
function refusal(state: string, message = 'recognizable'): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${state}\0M${message}\0\0`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(fields.length + 4);
  return Buffer.concat([Buffer.from('E'), length, fields]);
}

/** AuthenticationSASL: a password, by SCRAM. */
const ASKS_FOR_PASSWORD = Buffer.from('R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0', 'latin1');

const addressOf = (port: number, more = '') =>
  `postgres://recognizable:${PASSWORD}@127.0.0.1:${port}/recognizable${more}`;

async function database(address: string): Promise<Row> {
  const { env } = await setUp();
  return rowOf('Database', { ...env, DATABASE_URL: address });
}

describe('a Postgres that lets nobody in', () => {
  it.each([
    ['28P01', 'recognizable', /refuses user or password \(28P01\)$/, /percent-encoded/],
    [
      '28000',
      'no pg_hba.conf entry for host "1.2.3.4", no encryption',
      /without TLS$/,
      /sslmode=require/,
    ],
    ['28000', 'role "recognizable" does not exist', /refuses this user/, /pg_hba\.conf/],
    ['3D000', 'recognizable', /has no database of that name/, /createdb/],
    ['42501', 'recognizable', /may not connect to this database/, /grant connect/],
    ['53300', 'recognizable', /has no connection left/, /max_connections/],
    ['53100', 'recognizable', /is full \(53100\)$/, /make room/],
    ['57P03', 'recognizable', /starts or stops/, /try again/],
    ['XX000', 'Tenant or user not found', /refuses \(XX000\)$/, /console of its host/],
  ])('says why: %s %s', async (state, message, detail, fix) => {
    const port = await startServer(refusal(state, message));
    expect(await database(addressOf(port))).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(detail),
      fix: expect.stringMatching(fix),
    });
  });

  it('speaks no TLS where it is asked for', async () => {
    const port = await startServer('N');
    expect(await database(addressOf(port, '?sslmode=verify-full'))).toMatchObject({
      result: 'failed',
      detail: `127.0.0.1:${port} speaks no TLS`,
      fix: expect.stringContaining('sslmode=disable'),
    });
  });

  it('is asked with a certificate that is not there', async () => {
    const port = await startServer('S');
    const address = addressOf(port, '?sslmode=verify-full&sslrootcert=/nowhere/recognizable.pem');
    expect(await database(address)).toMatchObject({
      result: 'failed',
      detail: 'a file with a certificate that DATABASE_URL names is not there',
      fix: expect.stringContaining('sslrootcert'),
    });
  });
});

describe('what is no Postgres', () => {
  it.each([
    ['Redis', '-ERR unknown command\r\n'],
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['MySQL', Buffer.from([0x4a, 0, 0, 0, 0x0a, 0x38, 0x2e, 0x30])],
    ['nonsense that begins like it', Buffer.from('Recognizable nonsense')],
  ])('is told: %s', async (_case, answer) => {
    const port = await startServer(answer);
    expect(await database(addressOf(port))).toMatchObject({
      result: 'failed',
      detail: `what answers at 127.0.0.1:${port} is no Postgres`,
      fix: 'correct host and port in DATABASE_URL',
    });
  });

  it('is told where TLS is asked for too', async () => {
    const port = await listen(createHttpServer((_request, response) => void response.end()));
    expect((await database(addressOf(port, '?sslmode=verify-full'))).detail).toBe(
      `what answers at 127.0.0.1:${port} is no Postgres`,
    );
  });

  it('hangs up, or is not there at all', async () => {
    const port = await startServer('');
    expect((await database(addressOf(port))).detail).toBe(`127.0.0.1:${port} cuts the connection`);
    const nobody = await freePort();
    expect(await database(addressOf(nobody))).toMatchObject({
      detail: `nothing listens at 127.0.0.1:${nobody} (connection refused)`,
      fix: expect.stringContaining('DATABASE_URL'),
    });
    expect((await database('postgres://u:recognizable@no-such-host.invalid/db')).result).toBe(
      'failed',
    );
  });

  it.each([
    ['before a word', undefined],
    ['in the middle of the first', ASKS_FOR_PASSWORD.subarray(0, 5)],
  ])('hangs %s: that is told in time, once', async (_case, answer) => {
    const port = await startServer(undefined);
    const halfway = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => answer !== undefined && socket.write(answer));
    });
    const hanging = answer === undefined ? port : await listen(halfway);
    const { env } = await setUp();
    const clock = createFakeClock();
    const rows = rowsOf({ ...env, DATABASE_URL: addressOf(hanging) }, { clock });
    await vi.waitFor(() => expect(clock.waiting()).toEqual([5_000, 5_000, 5_000, 5_000]), {
      timeout: 10_000,
    });
    clock.advance(5_000);
    const byName = new Map((await rows).map((row) => [row.name, row]));
    expect(byName.get('Database')).toMatchObject({
      result: 'failed',
      detail: `no answer from 127.0.0.1:${hanging} within 5 s`,
    });
    for (const name of ['Schema', 'LISTEN', 'Database clock']) {
      expect(byName.get(name)).toMatchObject({
        result: 'skipped',
        detail: `not tried, for 127.0.0.1:${hanging} does not let us in`,
      });
    }
    expect(byName.get('LiveKit webhooks')?.detail).toContain('/api/calls/livekit-webhook');
  });
});
