// What an operator reads where Postgres lets nobody in: the sentence and the fix that the doctor has.
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createStore } from '../../src/compose/call-store.ts';
import { migrate } from '../../src/compose/migrate.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Answers every sign-in with an ErrorResponse of this SQLSTATE. */
async function startRefusing(state: string): Promise<string> {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${state}\0Mrecognizable\0\0`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(fields.length + 4);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(Buffer.concat([Buffer.from('E'), length, fields])));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('a refusal that has nothing to do with the address is told as Postgres says it', async () => {
  const host = await startRefusing('25006');
  const source = `postgres://u:p@${host}/calls`;
  const log = createFakeLog();
  const store = createStore({ engine: 'postgres', source }, { clock: createFakeClock(), log });
  cleanups.push(() => store.close());
  await store.open();
  expect(store.fault()).toBe('Postgres cannot be asked: recognizable');
  expect(log.lines.map(({ fields }) => Object.keys(fields as object))).toEqual([['err']]);
});

describe.each([
  ['28P01', /refuses user or password \(28P01\)$/, /^correct user and password in DATABASE_URL/],
  ['3D000', /has no database of that name \(3D000\)$/, /^make it \(createdb\)/],
])('a Postgres that refuses with %s', (state, reason, fix) => {
  it('is told with the fix in the log', async () => {
    const host = await startRefusing(state);
    const log = createFakeLog();
    const source = `postgres://u:p@${host}/calls`;
    const store = createStore({ engine: 'postgres', source }, { clock: createFakeClock(), log });
    cleanups.push(() => store.close());
    await store.open();
    expect(log.lines).toMatchObject([
      {
        level: 'error',
        message: 'Postgres cannot be asked',
        fields: { reason: expect.stringMatching(reason), fix: expect.stringMatching(fix) },
      },
    ]);
  });

  it('is told with the fix by migrate, and without what it says itself', async () => {
    const host = await startRefusing(state);
    const error = await migrate({ DATABASE_URL: `postgres://u:p@${host}/calls` }).catch(
      (reason: Error) => reason,
    );
    const [, said = '', advice = ''] =
      /Postgres cannot be asked: (.*)\. Fix: (.*)$/.exec(String(error)) ?? [];
    expect([said, advice]).toEqual([expect.stringMatching(reason), expect.stringMatching(fix)]);
    expect(String(error)).not.toContain('recognizable');
  });
});
